using System.Runtime.InteropServices;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// Jumps over quiet time. When nothing is broken and nothing is under way, the two daemons repeat themselves with a fixed
/// period. Two equal signatures of the whole world one period apart prove that the next period is the same again, so any
/// number of whole periods can be left out: only the time of the world goes on, all clocks and numbers stay as they are.
/// The toolstacks' own loops are not in the signature: with an unchanged database they change nothing that is looked at.
/// </summary>
internal sealed class QuietCycle(VirtualWorld world)
{
    /// <summary>The longest interval at which a quiet daemon does anything (reading the database).</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private List<long> _before = [];
    private List<long> _now = [];
    private Instant _beforeAt;

    /// <summary>How long may be run until the next look.</summary>
    public TimeSpan Look => IsQuiet() ? Period : TimeSpan.FromSeconds(5);

    /// <summary>The time that may be left out now, at most <paramref name="left"/>; zero when nothing is proven.</summary>
    public TimeSpan Jump(TimeSpan left)
    {
        if (left < Period || !IsQuiet())
        {
            return TimeSpan.Zero;
        }

        _now.Clear();
        Sign(_now);
        var same = world.Scheduler.Now - _beforeAt == Period
            && CollectionsMarshal.AsSpan(_now).SequenceEqual(CollectionsMarshal.AsSpan(_before));
        if (!same)
        {
            (_before, _now) = (_now, _before);
            _beforeAt = world.Scheduler.Now;
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
            var quiet = host is { PoweredOn: true, Frozen: false, DiskFull: false, ListHangs: false, WrongKey: false, Clock.DriftPpm: 0, StorageQuiet: true }
                && host.Daemon is { Frozen: false, State: { Status: HaStatus.Paired or HaStatus.Disabled, Takeover: null, Fence: null } }
                && host.Toolstack.Faults is { HangAll: false, HangDatabase: false };
            if (!quiet)
            {
                return false;
            }
        }

        return true;
    }

    private void Sign(List<long> into)
    {
        foreach (var host in world.Hosts)
        {
            var state = host.Daemon!.State;
            var timing = host.Config.Timing;
            StateSignature.Write(into, state, host.LocalNow, world.Hosts[1 - host.Index].LocalNow,
                timing.TakeoverDelay + timing.QuietWindow + TimeSpan.FromSeconds(5));
            var status = host.Toolstack.Status;
            into.Add((int)status.Service);
            into.Add(status.DatabaseGeneration);
            into.Add((status.Emergency ? 1 : 0) + (status.InitComplete ? 2 : 0) + (status.UnixListening ? 4 : 0));
            into.Add(status.RoleFile.GetHashCode(StringComparison.Ordinal));
            into.Add(host.Domains.WritingCount);
            into.Add(host.WatchdogDue is { } due ? (due - world.Scheduler.Now).Ticks : -1);
            into.Add(host.Daemon.NextWakeIn.Ticks);
        }

        into.Add(world.Storage.Locks().Count);
    }
}
