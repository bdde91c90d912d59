using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// systemctl reboot or poweroff from the host's shell: units end in the reverse order of their start. First the daemon is told
/// (its shutdown unit), then the platform stops the VMs (xapi-domains), then the toolstack ends, then the daemon.
/// </summary>
internal static class OrderlyShutdown
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan TellLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan WithoutDaemon = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan GuestLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DaemonLimit = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(VirtualWorld world, VirtualHost host, bool reboot)
    {
        var life = host.Life;
        (host.ComesBack, host.GoingDown) = (false, true);
        world.Checker.FenceAsked(host.Index);
        var silent = TimeSpan.Zero;
        await UntilAsync(world, TellLimit, () =>
        {
            // As ha-ctl does: a daemon that is not there is waited for a moment, systemd starts it again.
            var reply = host.Daemon?.Ask(new OperatorRequest.Depart(!reboot));
            silent = reply is null ? silent + Interval : TimeSpan.Zero;
            return life != host.Life || reply is { Pending: false } || silent > WithoutDaemon;
        }).ConfigureAwait(false);
        await StopGuestsAsync(world, host).ConfigureAwait(false);
        if (life != host.Life)
        {
            return;
        }

        await host.Toolstack.StopAsync().ConfigureAwait(false);
        host.DaemonRestart = null;
        host.Daemon?.Stop();
        await UntilAsync(world, DaemonLimit, () => life != host.Life || host.Daemon is null).ConfigureAwait(false);
        host.DaemonRestart = TimeSpan.FromSeconds(1);
        if (life != host.Life)
        {
            return;
        }

        host.PowerOff();
        if (reboot || host.ComesBack)
        {
            host.PowerOn();
        }
    }

    private static async Task StopGuestsAsync(VirtualWorld world, VirtualHost host)
    {
        var stops = host.Domains.List().Where(domain => domain.IsWhole).Select(domain => StopAsync(host, domain.VmUuid)).ToList();
        await world.Scheduler.WithinAsync(Task.WhenAll(stops), GuestLimit).ConfigureAwait(false);
    }

    private static async Task StopAsync(VirtualHost host, string uuid)
    {
        var login = await host.Toolstack.CallAsync(CallOrigin.Unix, "session.login_with_password", new("root", "", "1.0", "xapi-domains")).ConfigureAwait(false);
        if (login is CallReply.Success session)
        {
            await host.Toolstack.CallAsync(CallOrigin.Unix, "VM.clean_shutdown", new(session.Value?.DeepClone(), Database.RefOf("VM", uuid))).ConfigureAwait(false);
        }
    }

    private static async Task UntilAsync(VirtualWorld world, TimeSpan limit, Func<bool> done)
    {
        for (var waited = TimeSpan.Zero; waited < limit && !done(); waited += Interval)
        {
            await world.Scheduler.Delay(Interval).ConfigureAwait(false);
        }
    }
}
