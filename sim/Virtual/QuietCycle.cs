using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Sim.Explore;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// Jumps over quiet time. When nothing is broken and nothing is under way, the two daemons repeat themselves with a fixed
/// period. Two equal signatures of the whole world one period apart prove that the next period is the same again, so any
/// number of whole periods can be left out: only the time of the world goes on, all clocks and numbers stay as they are.
/// Left out of the signature are the toolstacks' own loops and the daemons' slow reading of the database: with an unchanged
/// database neither changes anything that is looked at.
/// </summary>
internal sealed class QuietCycle(VirtualWorld world)
{
    /// <summary>All intervals of a quiet daemon divide it: heartbeats, probes, feeding, readings of domains and toolstack.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private (StateHash, StateHash) _before;
    private Instant _beforeAt;

    /// <summary>How long may be run until the next look.</summary>
    public static TimeSpan Look => Period;

    /// <summary>The time that may be left out now, at most <paramref name="left"/>; zero when nothing is proven.</summary>
    public TimeSpan Jump(TimeSpan left)
    {
        if (left < Period || !IsQuiet())
        {
            return TimeSpan.Zero;
        }

        var now = Sign();
        var same = world.Scheduler.Now - _beforeAt == Period && now == _before;
        (_before, _beforeAt) = (now, world.Scheduler.Now);
        if (!same)
        {
            return TimeSpan.Zero;
        }

        return Period * Math.Floor(left / Period);
    }

    private bool IsQuiet()
    {
        if (world.Pending > 0 || !world.Network.IsPerfect)
        {
            return false;
        }

        foreach (var host in world.Hosts)
        {
            var quiet = host is { PoweredOn: true, Frozen: false, DiskFull: false, DiskReadOnly: false, ListHangs: false, WrongKey: false, Filtered: false, Clock.DriftPpm: 0, StorageQuiet: true }
                && host.Daemon is { Frozen: false, KnowsDatabase: true, State: { Status: HaStatus.Paired or HaStatus.Disabled, Procedures.Takeover: null, Procedures.Fence: null, Procedures.GhostSince: null, Host.Database: not null, Durable: { ReenableAtUnixMs: 0, Maintenance: null } } }
                && host.Toolstack.Faults is { HangAll: false, HangDatabase: false };
            if (!quiet)
            {
                return false;
            }
        }

        return true;
    }

    private (StateHash, StateHash) Sign() => (Sign(world.Hosts[0]), Sign(world.Hosts[1]));

    private StateHash Sign(VirtualHost host)
    {
        var (state, now) = (host.Daemon!.State, host.LocalNow);
        var timing = host.Config.Timing;
        var old = timing.TakeoverDelay + timing.QuietWindow + TimeSpan.FromSeconds(5);
        var numbers = new HostNumbers(state.Life.Incarnation.Counter, state.Durable.Attestation, state.Life.Incarnation.Counter, state.Schedule.Sequence,
            state.Peer.Beat?.Incarnation.Counter ?? 0, state.Peer.Beat?.Sequence ?? 0);
        var writer = new SituationWriter(now.Ticks, old.Ticks, state.Durable.Epoch, world.Hosts[0].Config.Self.Uuid, numbers, numbers);
        writer.Self(host.Index);
        writer.State(state with
        {
            Host = state.Host with { DatabaseAt = state.Host.DatabaseAt is null ? null : now },
            Schedule = state.Schedule with { Database = now },
        });
        WriteHost(ref writer, host);
        return writer.Result;
    }

    private void WriteHost(ref SituationWriter writer, VirtualHost host)
    {
        var status = host.Toolstack.Status;
        writer.Add((long)status.Service);
        writer.Add(status.DatabaseGeneration);
        writer.Add((status.Emergency ? 1 : 0) + (status.InitComplete ? 2 : 0) + (status.UnixListening ? 4 : 0));
        writer.Add(status.RoleFile.GetHashCode(StringComparison.Ordinal));
        writer.Add(host.Domains.WritingCount);
        writer.Add(host.Domains.Backends.Length);
        writer.Add(host.WatchdogDue is { } due ? (due - world.Scheduler.Now).Ticks : -1);
        writer.Add(host.Daemon!.NextWakeIn.Ticks);
        writer.Add(world.Storage.Locks().Count);
    }
}
