using System.Diagnostics;
using TwoNodeHa.Core.Protocol;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public sealed class DiskInspectorTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private readonly string _directory = Directory.CreateTempSubdirectory("tnha").FullName;

    private string Disk => Path.Combine(_directory, "disk");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void EmptyFileOfTheRightSize_IsFine()
    {
        File.WriteAllBytes(Disk, new byte[DiskSlot.DiskBytes]);
        File.SetUnixFileMode(Disk, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var facts = DiskInspector.Facts(Disk, s_patience);

        Assert.Equal(("", DiskSlot.DiskBytes, false, false), (facts.Trouble, facts.Bytes, facts.IsForeign, facts.OthersWrite));
        Assert.NotNull(facts.Owner);
    }

    [Fact]
    public void MissingShortForeignAndOpenToAll_AreEachSeen()
    {
        Assert.Contains(Disk, DiskInspector.Facts(Disk, s_patience).Trouble, StringComparison.Ordinal);
        Assert.False(File.Exists(Disk));
        File.WriteAllBytes(Disk, new byte[100]);
        Assert.Equal(100, DiskInspector.Facts(Disk, s_patience).Bytes);
        File.WriteAllBytes(Disk, [.. Enumerable.Repeat((byte)1, DiskSlot.DiskBytes)]);
        File.SetUnixFileMode(Disk, (UnixFileMode)0b110_110_110);
        var facts = DiskInspector.Facts(Disk, s_patience);
        Assert.True(facts is { IsForeign: true, OthersWrite: true });
    }

    [Fact]
    public void PathThatHangs_IsSaidInTime()
    {
        using var process = Process.Start("mkfifo", Disk);
        process.WaitForExit();

        Assert.Contains("hangs", DiskInspector.Facts(Disk, TimeSpan.FromSeconds(0.2)).Trouble, StringComparison.Ordinal);

        // Opened both ways it never blocks, and lets the other thread go.
        using var both = new FileStream(Disk, FileMode.Open, FileAccess.ReadWrite);
    }
}
