using System.Net;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Daemon.Tests.Support;

/// <summary>A configuration and a heartbeat for tests.</summary>
internal static class Samples
{
    public const string ConfigText =
        """
        profile = balanced
        [host alpha]
        uuid = 11111111-1111-4111-8111-111111111111
        address = 192.0.2.11
        [host beta]
        uuid = 22222222-2222-4222-8222-222222222222
        address = 192.0.2.12
        [link mgmt]
        alpha = 192.0.2.11
        beta = 192.0.2.12
        [gateway]
        addresses = 192.0.2.1

        """;

    public static readonly byte[] Key = [.. Enumerable.Repeat((byte)0x5A, 32)];

    public static HaConfig Config()
    {
        var result = ConfigParser.Parse("ha.conf", ConfigText);
        Assert.True(result.Config is not null, string.Join('\n', result.Findings));
        return result.Config;
    }

    /// <summary>The configuration on the loopback device, every path in a directory of the test, every tool harmless.</summary>
    public static HaConfig OnLoopback(Scratch scratch, int firstPort = 0, int secondPort = 0)
    {
        var config = Config();
        return config with
        {
            Hosts = [config.Hosts[0] with { Address = IPAddress.Loopback }, config.Hosts[1] with { Address = IPAddress.Parse("127.0.0.2") }],
            Links =
            [
                new LinkConfig("mgmt", new IPEndPoint(IPAddress.Loopback, firstPort), new IPEndPoint(IPAddress.Parse("127.0.0.2"), secondPort)),
            ],
            Gateway = config.Gateway with { Addresses = [IPAddress.Loopback] },
            Paths = new PathsConfig
            {
                KeyFile = scratch["key"],
                StateDirectory = scratch["lib"],
                RunDirectory = scratch["run"],
                ControlSocket = scratch["control.sock"],
                XapiSocket = scratch["no-xapi"],
                PoolRoleFile = scratch["pool.conf"],
                InitCompleteCookie = scratch["cookie"],
                InventoryFile = scratch["inventory"],
            },
            Tools = new ToolsConfig
            {
                ListDomains = "/bin/true",
                DestroyDomain = "/bin/true",
                KillToolstack = "/bin/true",
                StopToolstack = "/bin/true",
                StartToolstack = "/bin/true",
                ReleaseLocks = "/bin/true",
                BlockPeer = "/bin/true",
                ResetHost = "/bin/true",
                PowerOffHost = "/bin/true",
            },
        };
    }

    public static Heartbeat Beat(long sequence = 1) => new()
    {
        Sender = Guid.Parse("22222222-2222-4222-8222-222222222222"),
        Incarnation = new Incarnation(3, 4),
        Sequence = sequence,
        SentAt = Instant.FromSeconds(5),
        AckIncarnation = Incarnation.None,
        AckSentAt = null,
        Status = HaStatus.Paired,
        Flags = HeartbeatFlags.Armed,
        Epoch = 6,
        Master = Guid.Parse("11111111-1111-4111-8111-111111111111"),
        ConfigFingerprint = 7,
    };
}
