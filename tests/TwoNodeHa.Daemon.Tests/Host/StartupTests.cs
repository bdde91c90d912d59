using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Host;

public sealed class StartupTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly StringWriter _error = new();

    public StartupTests()
    {
        File.WriteAllText(
            _scratch["ha.conf"],
            Samples.ConfigText + $"[paths]\nkey_file = {_scratch["key"]}\ninventory_file = {_scratch["inventory"]}\n");
        File.WriteAllBytes(_scratch["key"], Samples.Key);
        File.SetUnixFileMode(_scratch["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(_scratch["inventory"], "PRODUCT='x'\nINSTALLATION_UUID='22222222-2222-4222-8222-222222222222'\n");
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(null, "beta")]
    [InlineData("alpha", "alpha")]
    public void A_good_start_knows_who_it_is(string? self, string expected)
    {
        var startup = Startup.Load(_scratch["ha.conf"], self, _error);
        Assert.True(startup is not null, _error.ToString());
        Assert.Equal(expected, startup.Config.Self.Name);
        Assert.Equal(Samples.Key, startup.Key);
    }

    [Fact]
    public void A_missing_configuration_is_named()
    {
        Assert.Null(Startup.Load(_scratch["other.conf"], "alpha", _error));
        Assert.Contains(_scratch["other.conf"], _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_key_that_others_may_use_is_refused(UnixFileMode others)
    {
        File.SetUnixFileMode(_scratch["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite | others);
        Refused("alpha", $"chmod 600 {_scratch["key"]}");
    }

    [Fact]
    public void A_short_key_is_refused()
    {
        File.WriteAllBytes(_scratch["key"], new byte[31]);
        Refused("alpha", "31 bytes are too few");
    }

    [Fact]
    public void A_missing_key_is_refused()
    {
        File.Delete(_scratch["key"]);
        Refused("alpha", "ha-ctl keygen");
    }

    [Theory]
    [InlineData("INSTALLATION_UUID='33333333-3333-4333-8333-333333333333'", "33333333")]
    [InlineData("PRODUCT='x'", "INSTALLATION_UUID ''")]
    public void An_inventory_of_another_host_is_refused(string inventory, string named)
    {
        File.WriteAllText(_scratch["inventory"], inventory);
        Refused(null, named);
    }

    [Fact]
    public void All_findings_are_said_at_once()
    {
        File.Delete(_scratch["key"]);
        Refused("gamma", "gamma");
        Assert.Contains("keygen", _error.ToString(), StringComparison.Ordinal);
    }

    private void Refused(string? self, string named)
    {
        Assert.Null(Startup.Load(_scratch["ha.conf"], self, _error));
        Assert.Contains(named, _error.ToString(), StringComparison.Ordinal);
    }
}
