using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Toolstack;

namespace TwoNodeHa.Daemon.Tests.Toolstack;

public sealed class RoleFileTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("master", PoolRole.Master, "")]
    [InlineData("master\n", PoolRole.Master, "")]
    [InlineData("slave:192.0.2.11", PoolRole.Slave, "192.0.2.11")]
    [InlineData(" slave:fd00::1 \n", PoolRole.Slave, "fd00::1")]
    [InlineData("slave:", PoolRole.Broken, "")]
    [InlineData("slave: ", PoolRole.Broken, "")]
    [InlineData("slave", PoolRole.Broken, "")]
    [InlineData("broken", PoolRole.Broken, "")]
    [InlineData("", PoolRole.Broken, "")]
    [InlineData("Master", PoolRole.Broken, "")]
    [InlineData("master slave:192.0.2.11", PoolRole.Broken, "")]
    public void The_file_says_the_role(string text, PoolRole role, string address)
    {
        File.WriteAllText(_scratch["pool.conf"], text);
        Assert.Equal((role, address), new RoleFile(_scratch["pool.conf"]).Read());
    }

    [Fact]
    public void No_file_is_no_role()
    {
        Assert.Equal(PoolRole.Unknown, new RoleFile(_scratch["pool.conf"]).Read().Role);
        Assert.Equal(PoolRole.Unknown, new RoleFile(_scratch.Directory).Read().Role);
    }

    [Fact]
    public void A_written_role_is_read_back_and_leaves_nothing_beside_it()
    {
        var file = new RoleFile(_scratch["pool.conf"]);
        file.Write("slave:192.0.2.123456789");
        file.Write("master");
        Assert.Equal("master", File.ReadAllText(_scratch["pool.conf"]));
        Assert.Equal([_scratch["pool.conf"]], Directory.GetFileSystemEntries(_scratch.Directory));
    }

    [Fact]
    public void A_role_that_cannot_be_written_leaves_the_former_one()
    {
        var file = new RoleFile(_scratch["pool.conf"]);
        file.Write("master");
        Directory.CreateDirectory(_scratch["pool.conf.twonodeha"]);
        var error = Record.Exception(() => file.Write("slave:192.0.2.11"));
        Assert.True(error is IOException or UnauthorizedAccessException, error?.ToString());
        Assert.Equal(PoolRole.Master, file.Read().Role);
        Assert.ThrowsAny<IOException>(() => new RoleFile(_scratch["no/pool.conf"]).Write("master"));
    }
}
