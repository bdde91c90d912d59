using TwoNodeHa.Daemon.Disk;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Disk;

public sealed class DirectFileTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_is_written_to_a_block_is_read_back_and_nothing_else_changes()
    {
        var path = _scratch["disk"];
        File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)7, 3 * DirectFile.BlockBytes)]);
        using (var file = DirectFile.Open(path, forWriting: true))
        {
            file.Block.Fill(9);
            file.Write(DirectFile.BlockBytes);
        }

        using var reader = DirectFile.Open(path, forWriting: false);
        foreach (var (block, value) in new (int, byte)[] { (0, 7), (1, 9), (2, 7) })
        {
            Assert.Equal(DirectFile.BlockBytes, reader.Read(block * DirectFile.BlockBytes));
            Assert.Equal(-1, reader.Block.IndexOfAnyExcept(value));
        }

        Assert.Equal(3 * DirectFile.BlockBytes, new FileInfo(path).Length);
    }

    [Fact]
    public void The_end_of_the_file_is_told_by_the_count()
    {
        File.WriteAllBytes(_scratch["short"], new byte[DirectFile.BlockBytes + 100]);
        using var file = DirectFile.Open(_scratch["short"], forWriting: false);
        Assert.Equal(100, file.Read(DirectFile.BlockBytes));
        Assert.Equal(0, file.Read(2 * DirectFile.BlockBytes));
    }

    [Theory]
    [InlineData("/dev/zero", false)]
    [InlineData("/dev/null", true)]
    public void Where_O_DIRECT_is_refused_it_works_without(string path, bool forWriting)
    {
        using var file = DirectFile.Open(path, forWriting);
        Assert.False(file.IsDirect);
        if (forWriting)
        {
            file.Write(0);
        }
        else
        {
            Assert.Equal(DirectFile.BlockBytes, file.Read(0));
        }
    }

    [Fact]
    public void A_missing_file_is_not_made_and_a_directory_is_no_disk()
    {
        var missing = Assert.Throws<IOException>(() => DirectFile.Open(_scratch["missing"], forWriting: true));
        Assert.Equal("open: No such file or directory (errno 2)", missing.Message);
        Assert.False(File.Exists(_scratch["missing"]));
        Assert.Contains("Is a directory", Assert.Throws<IOException>(() => DirectFile.Open(_scratch.Directory, forWriting: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_is_an_error_with_its_name()
    {
        using var full = DirectFile.Open("/dev/full", forWriting: true);
        Assert.Equal("write: No space left on device (errno 28)", Assert.Throws<IOException>(() => full.Write(0)).Message);
    }

    /// <summary>O_DSYNC (open(2)): a write is done when the disk has it, also where O_DIRECT is refused.</summary>
    [Fact]
    public void A_write_waits_for_the_disk()
    {
        const int Dsync = 0x1000;
        var path = Path.GetFullPath(_scratch["disk"]);
        File.WriteAllBytes(path, new byte[DirectFile.BlockBytes]);
        using var file = DirectFile.Open(path, forWriting: true);
        var descriptor = Directory.EnumerateFileSystemEntries("/proc/self/fd").Single(link => new FileInfo(link).LinkTarget == path);
        var flags = File.ReadLines($"/proc/self/fdinfo/{Path.GetFileName(descriptor)}").Single(line => line.StartsWith("flags:", StringComparison.Ordinal));
        Assert.Equal(Dsync, Convert.ToInt32(flags[6..].Trim(), 8) & Dsync);
    }
}
