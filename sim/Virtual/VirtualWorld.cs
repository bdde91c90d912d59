using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Judges;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Virtual;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>Two hosts, their network and their storage in virtual time, with a checker of what really happens.</summary>
public sealed class VirtualWorld
{
    /// <summary>Wall clock at the beginning of the world, Unix milliseconds.</summary>
    public const long WallOrigin = 1_800_000_000_000;

    private readonly List<string> _log = [];
    private readonly List<TraceEntry> _trace = [];
    private readonly QuietCycle _quiet;

    public VirtualWorld(HaConfig config, PoolDefinition pool, ToolstackTimings timings, int seed)
    {
        Pool = pool;
        Random = new Random(seed);
        Checker = new PromiseChecker(this);
        Network = new VirtualNetwork(Scheduler, Random, config.Links.Length);
        Network.Changed += () =>
        {
            // What happens to the gateway is no disturbance: S5 is about exactly that.
            if (Network.ChangeWasOfGateway)
            {
                Checker.Changed();
                Checker.GatewayChanged();
            }
            else
            {
                Checker.LinksChanged();
            }
        };
        Arbiter = new VirtualArbiter(this);
        Board = new VirtualBoard(this);
        Luns = new VirtualLuns(this, config);
        Storage.Forced += forced => Checker.LockForced(forced.VdiUuid, forced.HostUuid);
        Hosts =
        [
            new VirtualHost(this, 0, new LocalConfig(config, 0), timings, Random.Next()),
            new VirtualHost(this, 1, new LocalConfig(config, 1), timings, Random.Next()),
        ];
        _quiet = new QuietCycle(this);
    }

    public VirtualScheduler Scheduler { get; } = new();

    public Random Random { get; }

    public PoolDefinition Pool { get; }

    public VirtualStorage Storage { get; } = new();

    public VirtualNetwork Network { get; }

    public VirtualArbiter Arbiter { get; }

    public VirtualBoard Board { get; }

    public VirtualLuns Luns { get; }

    /// <summary>The cable of the replication is pulled.</summary>
    public bool ReplicationCut { get; set; }

    public IReadOnlyList<VirtualHost> Hosts { get; }

    public PromiseChecker Checker { get; }

    /// <summary>Makes the script that guards a host in place of the daemon; null for the daemon.</summary>
    internal Func<VirtualWorld, VirtualHost, Baselines.Guardian>? Guardian { get; init; }

    /// <summary>The switch of a script: enabled or disabled by the operator, kept in the pool's database.</summary>
    public bool HaSwitch { get; set; } = true;

    /// <summary>The host rejects its own TCP to the peer's toolstack.</summary>
    public bool[] Blocked { get; } = new bool[2];

    /// <summary>What the daemon's adapters leave out, to measure what it brings.</summary>
    internal PromotionPlan Promotion { get; init; } = PromotionPlan.Ours;

    /// <summary>Broken promises.</summary>
    public IReadOnlyList<string> Violations => Checker.Violations;

    public IReadOnlyList<string> LogLines => _log;

    /// <summary>The lines as data, and what only a picture wants to know.</summary>
    public IReadOnlyList<TraceEntry> Trace => _trace;

    /// <summary>Into the trace, not into the log.</summary>
    public void Note(string who, string text)
    {
        if (KeepLog)
        {
            _trace.Add(new TraceEntry(Time, who, text));
        }
    }

    /// <summary>Told of each line, as it is written.</summary>
    public Action<string>? OnLine { get; set; }

    /// <summary>Asked before and after every command of a daemon: what dies there, if anything.</summary>
    internal Func<VirtualHost, Core.Contract.Command, bool, Fuzz.CrashKind?>? Crash { get; set; }

    /// <summary>Told of each event of a daemon.</summary>
    public Action<int, HaEvent>? OnEvent { get; set; }

    /// <summary>Lines are kept; off where nobody reads them.</summary>
    public bool KeepLog { get; set; } = true;

    /// <summary>Time of the world since its beginning, with the cycles that were jumped.</summary>
    public TimeSpan Elapsed => new(Scheduler.Now.Ticks + Jumped.Ticks);

    /// <summary>Time that passed without being run, because it would have repeated what was just run.</summary>
    public TimeSpan Jumped { get; private set; }

    /// <summary>What the log calls second 0.</summary>
    public TimeSpan Origin { get; set; }

    /// <summary>Seconds as the log has them.</summary>
    public double Time => (Elapsed - Origin).TotalSeconds;

    /// <summary>Work under way for which the world waits before time is left out.</summary>
    internal int Held { get; private set; }

    /// <summary>Quiet time is left out; without it every turn is run, to compare.</summary>
    public bool LeavesOut { get; init; } = true;

    /// <summary>Of a pair that is well, also the readings that say nothing new (<see cref="QuietReadings"/>).</summary>
    public bool LeavesOutReadings { get; init; }

    public void Install()
    {
        foreach (var host in Hosts)
        {
            host.Install();
        }
    }

    public string VmName(string uuid) => Pool.Vms.FirstOrDefault(vm => vm.Uuid == uuid)?.Name ?? uuid;

    /// <summary>A management path carries both ways between the hosts' toolstacks.</summary>
    public bool Path(int from) => Network.Carries(0, from) && Network.Carries(0, 1 - from);

    public void Log(string who, string text)
    {
        if (!KeepLog && OnLine is null)
        {
            return;
        }

        var line = string.Create(CultureInfo.InvariantCulture, $"{Time,9:F3} {who,-6} {text}");
        _log.Add(line);
        _trace.Add(new TraceEntry(Time, who, text));
        OnLine?.Invoke(line);
    }

    /// <summary>Something that the story has happen later: time that is left out brings it nearer.</summary>
    public void Later(TimeSpan delay, Action action) => Scheduler.Beside(delay, action, static () => false);

    /// <summary>A host or a daemon that is about to begin: part of the pattern, unless readings are left out.</summary>
    internal IDisposable Begins(TimeSpan delay, Action action) =>
        LeavesOutReadings ? Scheduler.Beside(delay, action, static () => false) : Scheduler.After(delay, action);

    /// <summary>No time is left out until this work ends, but no longer than five minutes.</summary>
    internal void Hold(Task work) => _ = HoldAsync(work);

    /// <summary>The story changed something.</summary>
    /// <param name="visibly">Only what daemons and toolstacks show.</param>
    internal void Touched(bool visibly = false) => _quiet.Touched(visibly);

    public bool Runs(int host, string vmName)
    {
        foreach (var domain in Hosts[host].Domains.List())
        {
            if (domain.VmName == vmName && (domain.IsWhole || domain.Executes))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Runs for a time. Quiet time that repeats itself exactly is jumped.</summary>
    public void RunFor(TimeSpan duration)
    {
        var end = Elapsed + duration;
        while (Elapsed < end)
        {
            var left = end - Elapsed;
            Jumped += LeavesOut ? _quiet.Jump(left) : TimeSpan.Zero;
            left = end - Elapsed;
            var look = LeavesOut ? _quiet.UntilLook : left;

            // Also when all of it was left out: what comes at the end of it comes before what the story has happen then.
            if (left > TimeSpan.Zero || LeavesOutReadings)
            {
                Scheduler.RunFor(left < look ? left : look);
            }
        }

        Checker.Look();
    }

    private async Task HoldAsync(Task work)
    {
        Held++;
        await Scheduler.WithinAsync(work, TimeSpan.FromMinutes(5)).ConfigureAwait(false);
        Held--;
    }

    /// <summary>Runs until a condition holds, looked at ten times a second; tells whether it came to hold.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        var end = Elapsed + limit;
        while (!condition())
        {
            if (Elapsed >= end)
            {
                return false;
            }

            Scheduler.RunFor(TimeSpan.FromMilliseconds(100));
        }

        return true;
    }
}

/// <summary>What shortens a promotion over a dead master (design: restart instead of fuse, rejection of the dead peer's port).</summary>
/// <param name="RestartsAtOnce">The toolstack is restarted right after the transition, not by XAPI's own fuse.</param>
/// <param name="RejectsPeer">This host rejects its own contacts to the dead peer's toolstack.</param>
internal sealed record PromotionPlan(bool RestartsAtOnce, bool RejectsPeer)
{
    public static PromotionPlan Ours { get; } = new(true, true);
}
