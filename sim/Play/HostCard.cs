using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Play;

/// <summary>What one host knows and why it does what it does, as <c>ha-ctl status</c> says it.</summary>
/// <param name="State">Its state, in the words of <c>ha-ctl status</c>.</param>
/// <param name="Means">What that state means, in one plain sentence.</param>
/// <param name="Tone">How well that is.</param>
/// <param name="Rows">What it knows: a name, and what stands behind it.</param>
internal sealed record HostCard(string State, string Means, Tone Tone, ImmutableArray<(string Name, string Text)> Rows)
{
    /// <summary>Reads it.</summary>
    public static HostCard Of(Player player, int index)
    {
        var host = player.World.Hosts[index];
        return host switch
        {
            { Booting: true } => new HostCard("Booting", "It is on its way up; nothing runs here yet.", Tone.Plain, []),
            { PoweredOn: false } => new HostCard("No power", "Nothing runs here, and nobody here can say so.", Tone.Bad, []),
            _ when !player.IsOurs => OfScript(player, host),
            { Daemon: null } => new HostCard("No HA program", "It ended; the system starts it again, or the watchdog resets the host.", Tone.Bad, []),
            { Daemon.Frozen: true } => new HostCard("HA program hangs", "It decides nothing. The watchdog, a clock in the hardware, resets the host if that lasts.", Tone.Bad,
                [("Watchdog", Watchdog(player.World, host))]),
            _ => OfStatus(host.Daemon.Status()),
        };
    }

    /// <summary>What a state means.</summary>
    public static string MeaningOf(HaStatus status) => status switch
    {
        HaStatus.Disabled => "HA is switched off: nothing is stopped, moved or started.",
        HaStatus.Joining => "It is back, runs nothing yet, and waits to be let in.",
        HaStatus.Paired => "It hears the other host, and each knows what the other will do.",
        HaStatus.Suspecting => "The other host is silent. It waits until that one must have stopped its VMs.",
        HaStatus.Holding => "It may not take over, and need not stop: what runs here keeps running.",
        HaStatus.TakingOver => "The other host has stopped for certain. It starts that one's VMs here.",
        HaStatus.Sole => "It runs everything alone until the other host is back.",
        HaStatus.Isolated => "It hears nobody. Soon it has no right to run VMs any more.",
        HaStatus.Fencing => "It has no right to run VMs: it stops them, and makes sure.",
        HaStatus.Fenced => "Nothing runs here, and that was checked. The other host may start the VMs.",
        HaStatus.Departing => "It goes down in order, and hands its VMs over.",
        HaStatus.Maintenance => "It is in maintenance: it has promised not to take over.",
        _ => "It has only just started.",
    };

    private static HostCard OfStatus(StatusReport status)
    {
        var state = Enum.Parse<HaStatus>(status.State);
        var rows = ImmutableArray.CreateBuilder<(string, string)>();
        rows.Add(("Why", status.Why));
        rows.Add(("May run VMs", status.Rights.IsEmpty ? "no: nothing gives it the right" : string.Join("; ", status.Rights)));
        rows.Add(("May take over", Takeover(status)));
        rows.Add((status.PeerHost, status.Peer is { } peer
            ? $"{(Verdict.IsStale(peer) ? "was " : "")}{peer.State}, heard {Ago(peer.HeardAgeSeconds)}" : "never heard"));
        rows.Add(("Gateway", $"{status.Gateway}, answered {Ago(status.GatewayAgeSeconds)}"));
        if (status.Storage is { } storage)
        {
            rows.Add(("Storage", storage));
        }

        rows.Add(("XAPI", status.Toolstack));
        return new HostCard(status.State, MeaningOf(state), ToneOf(state), rows.ToImmutable());
    }

    private static string Takeover(StatusReport status)
    {
        if (status.TakeoverStep.Length > 0)
        {
            return "under way: " + status.TakeoverStep;
        }

        if (status.TakeoverInSeconds is { } due)
        {
            return string.Create(CultureInfo.InvariantCulture, $"in {due:0.0} s, unless {status.PeerHost} is heard");
        }

        return status.TakeoverRefusals.IsEmpty ? "no need to" : "no: " + string.Join("; ", status.TakeoverRefusals);
    }

    /// <summary>A script keeps no state: what it would see now.</summary>
    private static HostCard OfScript(Player player, VirtualHost host)
    {
        var (world, master) = (player.World, host.Toolstack.Status.RoleFile == "master");
        var carrier = world.Network.HasCarrier(host.Index);
        return new HostCard(
            world.HaSwitch ? "Script runs" : "Switched off",
            world.HaSwitch ? "Every 15 s it looks whether the other host answers; after three misses it asks the gateway, and acts." : "HA is switched off.",
            Tone.Plain,
            [
                ("Role", master ? "master" : "slave"),
                (world.Hosts[1 - host.Index].Name, world.Path(host.Index) && world.Hosts[1 - host.Index].AnswersPing ? "answers a ping" : "answers no ping"),
                ("Gateway", world.Network.ReachesGateway(host.Index) ? "answers a ping" : "answers no ping"),
                ("Network card", carrier ? "has a link" : "has no link" + (master ? ": it stops its VMs, and does not check" : "")),
                ("Not known", "whether the other host has really stopped"),
            ]);
    }

    private static string Watchdog(VirtualWorld world, VirtualHost host) => host.WatchdogDue is { } due
        ? string.Create(CultureInfo.InvariantCulture, $"resets the host in {(due - world.Scheduler.Now).TotalSeconds:0.0} s") : "not armed";

    private static string Ago(double? seconds) => seconds is { } age ? string.Create(CultureInfo.InvariantCulture, $"{age:0.0} s ago") : "never";

    private static Tone ToneOf(HaStatus status) => status switch
    {
        HaStatus.Paired => Tone.Good,
        HaStatus.Fencing or HaStatus.Isolated => Tone.Bad,
        HaStatus.Suspecting or HaStatus.Holding or HaStatus.TakingOver or HaStatus.Sole or HaStatus.Fenced => Tone.Yours,
        _ => Tone.Plain,
    };
}

/// <summary>The one line above everything.</summary>
/// <param name="Tone">Good, bad, or alarm.</param>
/// <param name="Text">What is.</param>
/// <param name="Advice">What an administrator would do; empty for nothing.</param>
internal sealed record Headline(Tone Tone, string Text, string Advice)
{
    /// <summary>The verdict of <c>ha-ctl status</c>: of the host that is not covered, if there is one.</summary>
    public static Headline Of(Player player)
    {
        if (player.Alarm is { } alarm)
        {
            return new Headline(Tone.Alarm, alarm, "");
        }

        var down = player.Lanes.Count(lane => lane.Now == Place.Nowhere);
        if (!player.IsOurs)
        {
            return down == 0 ? new Headline(Tone.Plain, "Every VM runs once.", "") : new Headline(Tone.Bad, Down(down), "");
        }

        var verdicts = player.World.Hosts.Where(host => host is { PoweredOn: true, Daemon.Frozen: false })
            .Select(host => (host.Name, Verdict: Verdict.Of(host.Daemon!.Status()))).ToList();
        if (verdicts.Count == 0)
        {
            return new Headline(Tone.Bad, "NOT PROTECTED: no HA program runs.", "");
        }

        return verdicts.Find(one => !one.Verdict.Covered) is not { Name: not null } bad
            ? new Headline(Tone.Good, "PROTECTED: either host may fail.", "")
            : new Headline(Tone.Bad, $"NOT PROTECTED, says {bad.Name}: {bad.Verdict.Remarks[0].Sentence}.", bad.Verdict.Remarks[0].Advice);
    }

    private static string Down(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} VM{(count == 1 ? " is" : "s are")} down.");
}
