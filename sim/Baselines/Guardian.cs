using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Baselines;

/// <summary>
/// A script that guards a host in place of the daemon: sees what a shell sees, acts through xe and the kernel, in virtual
/// time. Ends with its host, and begins anew with each boot.
/// </summary>
internal abstract class Guardian(VirtualWorld world, VirtualHost host)
{
    private readonly int _life = host.Life;

    protected VirtualWorld World { get; } = world;

    protected VirtualHost Host { get; } = host;

    protected VirtualHost Peer => World.Hosts[1 - Host.Index];

    protected bool IsMaster => Host.Toolstack.Status.RoleFile == "master";

    private bool Alive => Host.Life == _life && Host is { PoweredOn: true };

    public void Start() => World.Scheduler.After(FirstRun, () => _ = LoopAsync());

    /// <summary>From the start of the host to the first run.</summary>
    protected abstract TimeSpan FirstRun { get; }

    /// <summary>From the end of a run to the next.</summary>
    protected abstract TimeSpan Pause { get; }

    protected abstract Task RunAsync();

    /// <summary>Sleeps; work of a host that went down meanwhile never goes on.</summary>
    protected async Task SleepAsync(double seconds)
    {
        await World.Scheduler.Delay(TimeSpan.FromSeconds(seconds)).ConfigureAwait(false);
        while (Host.Frozen)
        {
            await World.Scheduler.Delay(TimeSpan.FromSeconds(0.5)).ConfigureAwait(false);
        }

        if (!Alive)
        {
            await Never.Task().ConfigureAwait(false);
        }
    }

    /// <summary>One ICMP echo to the peer, two seconds of patience.</summary>
    protected async Task<bool> PingPeerAsync()
    {
        var answers = World.Path(Host.Index) && Peer.AnswersPing;
        await SleepAsync(answers ? 0.001 : 2).ConfigureAwait(false);
        return answers;
    }

    protected async Task<bool> PingGatewayAsync()
    {
        var answers = World.Network.ReachesGateway(Host.Index);
        await SleepAsync(answers ? 0.001 : 2).ConfigureAwait(false);
        return answers;
    }

    /// <summary>A call through the local socket with a local session; null when it failed or the deadline passed.</summary>
    protected async Task<CallReply.Success?> XeAsync(string method, double deadline, params JsonNode?[] parameters)
    {
        var login = await WithinAsync(Host.Toolstack.CallAsync(CallOrigin.Unix, "session.slave_local_login_with_password", new("root", "")), deadline)
            .ConfigureAwait(false);
        return login is CallReply.Success session
            ? await WithinAsync(Host.Toolstack.CallAsync(CallOrigin.Unix, method, new([session.Value?.DeepClone(), .. parameters])), deadline)
                .ConfigureAwait(false) as CallReply.Success
            : null;
    }

    /// <summary>VMs of the master's database that satisfy a condition.</summary>
    protected List<Row> Vms(Func<Row, bool> condition) => Host.Toolstack.Records is { } records
        ? [.. records.All("VM").Where(vm => !vm.Flag("is_a_template") && !vm.Flag("is_control_domain") && condition(vm))] : [];

    protected string PeerRef => Database.RefOf("host", Peer.Config.Self.Uuid.ToString());

    /// <summary>vm-reset-powerstate --force for everything that the database shows on the peer.</summary>
    protected async Task ResetPowerStatesAsync()
    {
        foreach (var vm in Vms(vm => vm.Text("resident_on") == PeerRef))
        {
            await XeAsync("VM.power_state_reset", 30, vm.Ref).ConfigureAwait(false);
        }
    }

    private async Task<CallReply?> WithinAsync(Task<CallReply> call, double seconds)
    {
        await Task.WhenAny(call, World.Scheduler.Delay(TimeSpan.FromSeconds(seconds))).ConfigureAwait(false);
        if (!Alive)
        {
            await Never.Task().ConfigureAwait(false);
        }

        return call.IsCompleted ? await call.ConfigureAwait(false) : null;
    }

    private async Task LoopAsync()
    {
        while (Alive)
        {
            await RunAsync().ConfigureAwait(false);
            await SleepAsync(Pause.TotalSeconds).ConfigureAwait(false);
        }
    }
}
