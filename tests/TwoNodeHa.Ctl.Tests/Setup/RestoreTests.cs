using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.Ctl.Remote;
using TwoNodeHa.Ctl.Setup;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.XenApi;
using Xunit;

namespace TwoNodeHa.Ctl.Tests.Setup;

/// <summary>A host that was reinstalled: the emulated toolstack still has what its daemon kept there, and ssh ends in the other host's directory.</summary>
public sealed class RestoreTests : IDisposable
{
    private static readonly Guid s_self = Guid.Parse(PoolDefinition.UuidOf("host", "xcp1"));
    private static readonly Guid s_peer = Guid.Parse(PoolDefinition.UuidOf("host", "xcp2"));
    private static readonly string s_key = new string('a', 64) + "\n";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    private readonly string _directory = Directory.CreateTempSubdirectory("ha-restore-").FullName;
    private readonly List<string> _commands = [];
    private bool _reachable = true;

    private string ConfigFile => Path.Combine(_directory, "etc", "ha.conf");

    private string Key => Path.Combine(_directory, "etc", "key");

    private string Mark => Path.Combine(_directory, "etc", PathsConfig.EnabledMark(s_self));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task WipedHost_GetsEverythingBack_StartsNothing_AndASecondRunChangesNothing()
    {
        await using var xapi = await PoolAsync(Text(), new MirroredState(true, 5));
        PutOnPeer(Text());
        var run = Restore(xapi);

        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        Assert.Equal(Text(), File.ReadAllText(ConfigFile));
        Assert.Equal(s_key, File.ReadAllText(Key));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Key));
        Assert.True(File.Exists(Mark));
        Assert.Contains("HA was enabled on this host", run.Out, StringComparison.Ordinal);
        Assert.Contains("Next: systemctl enable --now twonodeha-guard twonodeha-shutdown twonodeha", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(_commands, line => line.StartsWith("systemctl", StringComparison.Ordinal));
        Assert.All(_commands, line => Assert.DoesNotContain(s_key.Trim(), line, StringComparison.Ordinal));
        Assert.DoesNotContain(s_key.Trim(), run.Out + run.Error, StringComparison.Ordinal);

        var before = File.GetLastWriteTimeUtc(ConfigFile);
        _reachable = false;
        var again = Restore(xapi);
        Assert.True(again.ExitCode == 0, again.Out + again.Error);
        Assert.Equal(before, File.GetLastWriteTimeUtc(ConfigFile));
        Assert.False(File.Exists(ConfigFile + ".old"));
    }

    [Fact]
    public async Task PeerUnreachable_EverythingButTheKey_AndAPastedLineFinishes()
    {
        await using var xapi = await PoolAsync(Text(), new MirroredState(true, 5));
        PutOnPeer(Text());
        _reachable = false;
        var run = Restore(xapi);
        Assert.Equal(ExitCode.Pending, run.ExitCode);
        Assert.Contains("ha-ctl restore --paste", run.Out + run.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(ConfigFile));
        Assert.False(File.Exists(Key));

        var pasted = Restore(xapi, Line().Out, "--paste");
        Assert.True(pasted.ExitCode == 0, pasted.Out + pasted.Error);
        Assert.Equal(s_key, File.ReadAllText(Key));
    }

    [Fact]
    public async Task PeersFileIsNewerThanThePoolsCopy_ThePeersIsTaken()
    {
        await using var xapi = await PoolAsync(Text(), new MirroredState(true, 5));
        PutOnPeer(Text() + "# edited\n");
        var run = Restore(xapi);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("the other host's is taken", run.Out, StringComparison.Ordinal);
        Assert.EndsWith("# edited\n", File.ReadAllText(ConfigFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HaWasDisabled_NoMarkIsMade()
    {
        await using var xapi = await PoolAsync(Text(), new MirroredState(false, 6));
        PutOnPeer(Text());
        Assert.Equal(0, Restore(xapi).ExitCode);
        Assert.False(File.Exists(Mark));
    }

    [Fact]
    public async Task NoCopyInThePool_ThePeerAloneIsEnough_AndItCountsAsKnown()
    {
        await using var xapi = await PoolAsync(null, null);
        PutOnPeer(Text());
        var run = Restore(xapi, "", "--ssh", "root@10.20.30.12");
        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        Assert.Contains("the pool keeps no configuration", run.Out, StringComparison.Ordinal);
        Assert.True(File.Exists(Mark));
    }

    [Fact]
    public async Task BadCopies_AreNamed()
    {
        var pool = "";
        await using var xapi = await PoolAsync(Text(), null, read => pool = read);
        _reachable = false;
        var good = ConfigMirror.Encode(pool, Text())!;
        var cases = new (string Entry, string Said)[]
        {
            (good[..(good.Length / 2)], "is not whole"),
            (good.Replace("1 ", "7 ", StringComparison.Ordinal)[..20], "is of version 7"),
            (ConfigMirror.Encode("99999999-9999-4999-8999-999999999999", Text())!, "is that of another pool"),
            (ConfigMirror.Encode(pool, Text(self: Guid.Parse("99999999-9999-4999-8999-999999999999")))!, "is not for this host"),
            (ConfigMirror.Encode(pool, Text(peer: Guid.Parse("99999999-9999-4999-8999-999999999999")))!, "is that of another pool: xcp2"),
            (ConfigMirror.Encode(pool, "nonsense")!, "cannot be used"),
            ("", "is not whole"),
        };
        foreach (var (entry, said) in cases)
        {
            await WriteAsync(xapi, session => session.Pool.OtherConfig, (await FirstAsync(xapi)).Pool, ConfigMirror.Key, entry);
            var run = Restore(xapi);
            Assert.Equal((ExitCode.Refused, said, true), (run.ExitCode, said, run.Error.Contains(said, StringComparison.Ordinal)));
            Assert.Contains("nothing was changed", run.Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Combine(_directory, "etc")));
        }
    }

    [Fact]
    public async Task HaIsEnabledHere_IsRefused()
    {
        await using var xapi = await PoolAsync(Text(), null);
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Good });
        var run = Restore(xapi, "", "--socket", daemon.SocketPath);
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("nothing to restore", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LineOfAnotherPool_OrNone_ChangesNothing()
    {
        await using var xapi = await PoolAsync(null, null);
        Assert.Equal(ExitCode.Usage, Restore(xapi, "hello", "--paste").ExitCode);
        var foreign = new PairingLine { Config = File.ReadAllText(CtlRun.RepositoryFile("../ha.conf.example")), Key = s_key }.Encode();
        var run = Restore(xapi, foreign, "--paste");
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("is not for this host", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_directory, "etc")));
    }

    [Fact]
    public void NoToolstack_NoPeer_IsSaidInTime()
    {
        File.WriteAllText(Path.Combine(_directory, "inventory"), $"INSTALLATION_UUID='{s_self}'\n");
        var run = CtlRun.On(
            context => context with { Programs = Programs(), Paths = Paths() with { Inventory = Path.Combine(_directory, "inventory"), XapiSocket = "/nonexistent/xapi" } },
            "restore", "--config", ConfigFile, "--socket", Path.Combine(_directory, "none"), "--timeout", "1");
        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("restore --paste", run.Error, StringComparison.Ordinal);
    }

    private static string Text(Guid? self = null, Guid? peer = null) => $"""
        [host xcp1]
        uuid = {self ?? s_self}
        address = 10.20.30.11
        [host xcp2]
        uuid = {peer ?? s_peer}
        address = 10.20.30.12
        [link mgmt]
        xcp1 = 10.20.30.11
        xcp2 = 10.20.30.12
        [gateway]
        addresses = 10.20.30.1

        """;

    private void PutOnPeer(string config)
    {
        var there = Directory.CreateDirectory(Path.Combine(_directory, "xcp2")).FullName;
        File.WriteAllText(Path.Combine(there, "ha.conf"), config);
        File.WriteAllText(Path.Combine(there, "key"), s_key);
    }

    private CtlRun Line() => CtlRun.On(
        context => context with { Paths = new HostPaths { KeyFile = Path.Combine(_directory, "xcp2", "key") } },
        "restore", "--line", "--config", Path.Combine(_directory, "xcp2", "ha.conf"));

    private CtlRun Restore(EmulatedXapi xapi, string input = "", params string[] more) => CtlRun.On(
        context => context with
        {
            In = new StringReader(input), Programs = Programs(), Paths = Paths() with { XapiSocket = xapi.Socket, Inventory = xapi.Inventory },
        },
        ["restore", "--config", ConfigFile, .. more.Contains("--socket") ? [] : new[] { "--socket", Path.Combine(_directory, "none") }, "--timeout", "10", .. more]);

    private FakePrograms Programs() => new(line =>
    {
        _commands.Add(line);
        if (!line.StartsWith("ssh", StringComparison.Ordinal))
        {
            return FakePrograms.Done();
        }

        if (!_reachable)
        {
            return FakePrograms.Failed(255, "ssh: connect to host 10.20.30.12 port 22: Connection timed out");
        }

        Assert.EndsWith("-- root@10.20.30.12 ha-ctl restore --line", line, StringComparison.Ordinal);
        var run = Line();
        return new ProgramResult(run.ExitCode, run.Out, run.Error);
    });

    private HostPaths Paths()
    {
        var watchdog = Path.Combine(_directory, "watchdog");
        File.WriteAllText(watchdog, "");
        return new HostPaths { KeyFile = Key, Watchdog = watchdog, Firewall = "firewall" };
    }

    private async Task<EmulatedXapi> PoolAsync(string? config, MirroredState? state, Action<string>? uuid = null)
    {
        var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool());
        var (pool, record, host) = await FirstAsync(xapi);
        uuid?.Invoke(record.Uuid);
        if (config is not null)
        {
            await WriteAsync(xapi, session => session.Pool.OtherConfig, pool, ConfigMirror.Key, ConfigMirror.Encode(record.Uuid, config)!);
        }

        if (state is not null)
        {
            await WriteAsync(xapi, session => session.Host.OtherConfig, host, MirroredState.Key, state.Text);
        }

        return xapi;
    }

    private static async Task<(XenRef<Pool> Pool, PoolRecord Record, XenRef<XenApi.Host> Host)> FirstAsync(EmulatedXapi xapi)
    {
        await using var client = XenApiClient.ForUnixSocket(xapi.Socket, new XenApiClientOptions { Originator = "test" });
        await using var session = await client.LoginAsync(s_limit, TestContext.Current.CancellationToken);
        var (pool, record) = (await session.Pool.GetAllRecordsAsync(s_limit, TestContext.Current.CancellationToken)).First();
        var hosts = await session.Host.GetAllRecordsAsync(s_limit, TestContext.Current.CancellationToken);
        return (pool, record, hosts.Single(host => host.Value.Uuid == s_self.ToString()).Key);
    }

    private static async Task WriteAsync<T>(EmulatedXapi xapi, Func<Session, OtherConfig<T>> map, XenRef<T> of, string key, string text)
    {
        await using var client = XenApiClient.ForUnixSocket(xapi.Socket, new XenApiClientOptions { Originator = "test" });
        await using var session = await client.LoginAsync(s_limit, TestContext.Current.CancellationToken);
        await map(session).RemoveAsync(of, key, s_limit, TestContext.Current.CancellationToken);
        await map(session).AddAsync(of, key, text, s_limit, TestContext.Current.CancellationToken);
    }
}
