using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// Two hosts that both run something by a claim of their own: the lower (epoch, uuid) fences at once. A VM on both lists
/// of a pair is a migration until it has stood there for a lease: each list is as old as its reading, and both are read anew.
/// </summary>
internal static class Conflict
{
    /// <summary>This host fences.</summary>
    public static bool IsMet(Draft turn)
    {
        var view = turn.View;
        if (turn.Peer.Beat is not { } beat || !view.Runs || !view.PeerHeard)
        {
            Forget(turn);
            return false;
        }

        var taken = beat.Status is HaStatus.Sole or HaStatus.TakingOver;
        var sameVm = StaysOnBoth(turn, taken) && beat.Epoch > turn.Durable.Epoch;
        var bothClaim = taken && view.Status is HaStatus.Sole or HaStatus.TakingOver;
        if (beat.RunningCount <= 0 || Rank.OutranksPeer(view) || (!sameVm && !bothClaim))
        {
            return false;
        }

        turn.Report(HaEventId.Conflict, Severity.Critical,
            $"{turn.Config.Peer.Name} claims the pool with epoch {beat.Epoch}, this host has {turn.Durable.Epoch}: the lower-ranked host fences");
        Fence.Begin(turn, $"conflict: {turn.Config.Peer.Name} outranks this host and runs VMs too");
        return true;
    }

    /// <summary>When a VM has stood on both lists for too long.</summary>
    public static Instant LookAgainAt(View view) =>
        view.State.Procedures.DoubleSince is { } since ? Again.At(view, since + view.Timing.Lease) : Again.Never;

    private static bool StaysOnBoth(Draft turn, bool taken)
    {
        var view = turn.View;
        if (!AnyRunsOnBoth(view))
        {
            Forget(turn);
            return false;
        }

        var next = turn.Procedures.DoubleSince is null ? turn.Now : turn.Now + Deadlines.DoubleReading;
        var since = turn.Procedures.DoubleSince ?? turn.Now;
        turn.Procedures = turn.Procedures with { DoubleSince = since };
        turn.Schedule = turn.Schedule with { Domains = Instant.Min(turn.Schedule.Domains, next) };
        return taken || (turn.Now - since >= turn.Timing.Lease && turn.Host.DomainsAskedAt > since);
    }

    private static bool AnyRunsOnBoth(View view)
    {
        foreach (var guest in view.State.Host.Domains!.Guests)
        {
            if (!guest.IsShell && view.RunsOnPeer(guest.Vm))
            {
                return true;
            }
        }

        return false;
    }

    private static void Forget(Draft turn)
    {
        if (turn.Procedures.DoubleSince is not null)
        {
            turn.Procedures = turn.Procedures with { DoubleSince = null };
        }
    }
}
