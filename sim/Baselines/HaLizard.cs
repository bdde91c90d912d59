using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Baselines;

/// <summary>The decision rules of HA-Lizard 2.x for two hosts, with the values of its installer (docs/baselines.md).</summary>
internal sealed class HaLizard(VirtualWorld world, VirtualHost host) : Guardian(world, host)
{
    private const double RetryDelay = 10;
    private const int Retries = 2;
    private const double CarrierTolerance = 5;
    private const double KillTime = 4;

    private bool _enabled = true;
    private bool _slaveFailed;

    /// <summary>MONITOR_DELAY: where in its interval the first run falls differs from host to host.</summary>
    protected override TimeSpan FirstRun => TimeSpan.FromSeconds(7 + (5 * Host.Index));

    protected override TimeSpan Pause => TimeSpan.FromSeconds(15);

    protected override Task RunAsync() => IsMaster ? AsMasterAsync() : AsSlaveAsync();

    private async Task AsMasterAsync()
    {
        if (Host.Toolstack.Records is not { } records)
        {
            return;
        }

        _enabled = World.HaSwitch;
        if (!_enabled || records.Pool().Flag("ha_enabled"))
        {
            return;
        }

        if (!World.Network.HasCarrier(Host.Index))
        {
            await CarrierLostAsync().ConfigureAwait(false);
            return;
        }

        if (await PeerStaysUnwellAsync().ConfigureAwait(false))
        {
            if (!_slaveFailed)
            {
                if (!await VoteAsync().ConfigureAwait(false))
                {
                    return;
                }

                await TakeOverVmsAsync().ConfigureAwait(false);
                _slaveFailed = true;
            }
        }
        else
        {
            _slaveFailed = false;
        }

        StartWhatDoesNotRun();
    }

    private async Task AsSlaveAsync()
    {
        if (!await PeerStaysUnwellAsync(onlyIfEnabled: true).ConfigureAwait(false))
        {
            _enabled = World.HaSwitch;
            return;
        }

        if (!_enabled)
        {
            return;
        }

        if (!await VoteAsync().ConfigureAwait(false))
        {
            World.Log(Host.Name, "lizard: fence blocked, resetting this host");
            Host.Reset();
            return;
        }

        World.Log(Host.Name, "lizard: promotes itself");
        await XeAsync("pool.emergency_transition_to_master", 10).ConfigureAwait(false);
        await SleepAsync(15).ConfigureAwait(false);
        for (var i = 0; i < 5 && await XeAsync("pool.recover_slaves", 10).ConfigureAwait(false) is null; i++)
        {
            await SleepAsync(5).ConfigureAwait(false);
        }

        // Refresh of the configuration and alerts.
        await SleepAsync(10).ConfigureAwait(false);
        await TakeOverVmsAsync().ConfigureAwait(false);
        await SleepAsync(5).ConfigureAwait(false);
        StartWhatDoesNotRun();
    }

    /// <summary>Only carrier counts; the domains are destroyed one after the other, and nobody verifies it.</summary>
    private async Task CarrierLostAsync()
    {
        var (waited, killed) = (0.0, false);
        while (!World.Network.HasCarrier(Host.Index))
        {
            await SleepAsync(5).ConfigureAwait(false);
            waited += 5;
            if (waited <= CarrierTolerance || killed)
            {
                continue;
            }

            killed = true;
            foreach (var domain in Host.Domains.List())
            {
                await SleepAsync(KillTime).ConfigureAwait(false);
                Host.Domains.Destroy(domain.Domid);
            }
        }

        await SleepAsync(RetryDelay + 10).ConfigureAwait(false);
        await Host.Toolstack.RestartAsync().ConfigureAwait(false);
    }

    private async Task<bool> PeerStaysUnwellAsync(bool onlyIfEnabled = false)
    {
        for (var i = 0; ; i++)
        {
            if (await IsWellAsync().ConfigureAwait(false))
            {
                return false;
            }

            if (i == Retries || (onlyIfEnabled && !_enabled))
            {
                return true;
            }

            await SleepAsync(RetryDelay).ConfigureAwait(false);
        }
    }

    /// <summary>An echo, then a page of its toolstack; a toolstack that accepts and hangs hangs this check too.</summary>
    private async Task<bool> IsWellAsync()
    {
        if (!await PingPeerAsync().ConfigureAwait(false))
        {
            return false;
        }

        while (Peer.Toolstack.Faults.HangAll && Peer.Toolstack.Status.TcpListening)
        {
            await SleepAsync(1).ConfigureAwait(false);
        }

        return World.Path(Host.Index) && Peer.Toolstack.Status.TcpListening;
    }

    /// <summary>This host, the peer's kernel, the heuristic address: two of three.</summary>
    private async Task<bool> VoteAsync()
    {
        var votes = 1;
        votes += await PingPeerAsync().ConfigureAwait(false) ? 1 : 0;
        votes += await PingGatewayAsync().ConfigureAwait(false) ? 1 : 0;
        return votes > 1;
    }

    private async Task TakeOverVmsAsync()
    {
        World.Log(Host.Name, "lizard: resets the power state of the peer's VMs");
        await ResetPowerStatesAsync().ConfigureAwait(false);
        foreach (var sr in World.Pool.Srs)
        {
            World.Storage.Reset(Peer.Config.Self.Uuid.ToString(), sr.Uuid);
        }
    }

    private void StartWhatDoesNotRun()
    {
        foreach (var vm in Vms(vm => vm.Text("power_state") == "Halted"))
        {
            _ = XeAsync("VM.start", 120, vm.Ref, false, false);
        }
    }
}

/// <summary>The cron script of 2010: sees its peer down, promotes itself, recovers slaves, resets power states. It fences nobody.</summary>
internal sealed class CronScript(VirtualWorld world, VirtualHost host) : Guardian(world, host)
{
    protected override TimeSpan FirstRun => TimeSpan.FromSeconds(11 + (3 * Host.Index));

    protected override TimeSpan Pause => TimeSpan.FromSeconds(60);

    protected override async Task RunAsync()
    {
        // The list of hosts with their live flags; on a slave without master it does not come.
        var list = await XeAsync("host.get_all", 10).ConfigureAwait(false);
        var records = Host.Toolstack.Records;
        var down = IsMaster ? records?.Find("host", PeerRef) is { } row && !records.IsLive(row) : list is null || Host.Toolstack.Status.Emergency;
        if (!down)
        {
            return;
        }

        World.Log(Host.Name, "cron: the peer is down");
        if (!IsMaster)
        {
            await XeAsync("pool.emergency_transition_to_master", 10).ConfigureAwait(false);
            await SleepAsync(30).ConfigureAwait(false);
        }

        await XeAsync("pool.recover_slaves", 10).ConfigureAwait(false);
        await ResetPowerStatesAsync().ConfigureAwait(false);
    }
}
