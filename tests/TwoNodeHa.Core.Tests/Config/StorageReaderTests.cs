using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

public class StorageReaderTests
{
    [Fact]
    public void Parse_NoSection_ProbesNothing()
    {
        var storage = ConfigText.GoodPlus("").Storage;

        Assert.Empty(storage.Probes);
        Assert.Equal(OnStorageLoss.Alert, storage.OnLoss);
        Assert.Equal(ConfigFingerprint.Of(ConfigText.GoodPlus("")), ConfigFingerprint.Of(ConfigText.GoodPlus("[storage]\nprobe =\n")));
    }

    [Fact]
    public void Parse_EveryKey_IsTaken()
    {
        var storage = ConfigText.GoodPlus(
            "[storage]\nprobe = /srv/a, /dev/b\nprobe_interval_seconds = 2\nprobe_timeout_seconds = 12.5\non_storage_loss = fence\n").Storage;

        Assert.Equal(["/srv/a", "/dev/b"], storage.Probes);
        Assert.Equal((2, 12.5), (storage.ProbeInterval.TotalSeconds, storage.ProbeTimeout.TotalSeconds));
        Assert.Equal(OnStorageLoss.Fence, storage.OnLoss);
    }

    [Fact]
    public void Parse_Reservation_IsTheArbiter_AndBothHostsMustNameTheSameLunsInTheSameOrder()
    {
        var config = ConfigText.GoodPlus("[storage]\nreservation = /dev/mapper/a, /dev/mapper/b\n");
        var other = ConfigText.GoodPlus("[storage]\nreservation = /dev/mapper/b, /dev/mapper/a\n");

        Assert.Equal(["/dev/mapper/a", "/dev/mapper/b"], config.Storage.ReservedLuns);
        Assert.True(config.Policy is { UsesArbiter: true, UsesReservation: true });
        Assert.NotEqual(ConfigFingerprint.Of(config), ConfigFingerprint.Of(other));
    }

    [Theory]
    [InlineData("probe = srv/a", 15, "storage.probe", "not an absolute path")]
    [InlineData("probe = /srv/a,", 15, "storage.probe", "not an absolute path")]
    [InlineData("probe = /a, /a", 15, "storage.probe", "written twice")]
    [InlineData("probe = /1,/2,/3,/4,/5,/6,/7,/8,/9", 15, "storage.probe", "at most 8")]
    [InlineData("reservation = scsi", 15, "storage.reservation", "not an absolute path of a device")]
    [InlineData("reservation = /dev/a, /dev/a", 15, "storage.reservation", "written twice")]
    [InlineData("reservation = /1,/2,/3,/4,/5,/6,/7,/8,/9", 15, "storage.reservation", "at most 8")]
    [InlineData("probe = /a\nprobe_timeout_seconds = 10", 16, "storage.probe_timeout_seconds", "write at least 15")]
    [InlineData("probe = /a\nprobe_timeout_seconds = 1", 16, "storage.probe_timeout_seconds", "out of range")]
    [InlineData("probe = /a\non_storage_loss = kill", 16, "storage.on_storage_loss", "not known")]
    [InlineData("probes = /a", 15, "storage.probes", "did you mean probe?")]
    public void Parse_BadValue_NamesLineAndKey(string lines, int line, string key, string words)
    {
        var result = ConfigText.Parse(ConfigText.Good + "[storage]\n" + lines + "\n");

        Assert.Null(result.Config);
        var finding = Assert.Single(result.Findings).ToString();
        Assert.Contains($":{line}", finding, StringComparison.Ordinal);
        Assert.Contains(key, finding, StringComparison.Ordinal);
        Assert.Contains(words, finding, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_FenceWithoutProbes_IsWarnedAbout()
    {
        var result = ConfigText.Parse(ConfigText.Good + "[storage]\non_storage_loss = fence\n");

        Assert.NotNull(result.Config);
        Assert.Contains("without probes", Assert.Single(result.Findings).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Fingerprint_ChangesWithEveryValueButThePaths()
    {
        var prints = new[]
        {
            "", "probe = /a", "probe = /b", "probe = /a, /b", "probe = /a\nprobe_interval_seconds = 2", "probe = /a\nprobe_timeout_seconds = 30",
            "probe = /a\non_storage_loss = fence",
        }.Select(lines => ConfigFingerprint.Of(ConfigText.GoodPlus("[storage]\n" + lines + "\n")));

        Assert.Equal(6, prints.Distinct().Count());
    }

    [Fact]
    public void Timeline_ShowsTheProbeTimeout()
    {
        var fence = Story("probe = /a\non_storage_loss = fence");
        var alert = Story("probe = /a");

        Assert.Contains(fence.Rows, row => row.When == new TimeRange(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(20)));
        Assert.Equal(new TimeRange(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(34.01)), fence.Takeover);
        Assert.True(fence is { EndsWell: true, Hypothetical: false });
        Assert.True(alert is { EndsWell: false, Takeover: null });
        Assert.True(Story("").Hypothetical);
    }

    private static TimelineStory Story(string lines) =>
        Timeline.Of(ConfigText.GoodPlus("[storage]\n" + lines + "\n")).Single(story => story.Id == "storage-lost");
}
