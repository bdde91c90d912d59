using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.State;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.State;

public sealed class LeaseFileTests : IDisposable
{
    private const string Boot = "c0ffee00-1111-2222-3333-444455556666";
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_next_daemon_of_the_same_boot_reads_what_was_written_last()
    {
        var lease = new LeaseFile(_scratch.Directory, Boot);
        Assert.Null(lease.Read());
        lease.Write(new Instant(123));
        lease.Write(new Instant(456));
        Assert.Equal(new Instant(456), new LeaseFile(_scratch.Directory, Boot).Read());
    }

    [Fact]
    public void A_directory_that_somebody_removed_is_made_again()
    {
        var lease = new LeaseFile(_scratch["run"], Boot);
        lease.Write(new Instant(1));
        Directory.Delete(_scratch["run"], recursive: true);
        lease.Write(new Instant(2));
        Assert.Equal(new Instant(2), lease.Read());
        Assert.Equal(LeaseFile.OwnerOnly, File.GetUnixFileMode(_scratch["run"]));
    }

    [Fact]
    public void Another_boot_inherits_nothing()
    {
        new LeaseFile(_scratch.Directory, Boot).Write(new Instant(123));
        Assert.Null(new LeaseFile(_scratch.Directory, LeaseFile.KernelBootId()).Read());
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData(Boot)]
    [InlineData(Boot + " ")]
    [InlineData(Boot + " 12x")]
    [InlineData(Boot + " -12")]
    [InlineData(Boot + " 99999999999999999999999")]
    [InlineData(Boot + " 12 13")]
    [InlineData("12 " + Boot)]
    public void What_is_not_a_record_is_no_lease(string content)
    {
        File.WriteAllText(_scratch["lease"], content);
        Assert.Null(new LeaseFile(_scratch.Directory, Boot).Read());
    }

    [Fact]
    public void A_record_that_cannot_be_written_takes_the_older_one_with_it()
    {
        var lease = new LeaseFile(_scratch.Directory, Boot);
        lease.Write(new Instant(1));
        Directory.CreateDirectory(_scratch["lease.new"]);
        lease.Write(new Instant(2));
        Assert.Null(lease.Read());
    }
}
