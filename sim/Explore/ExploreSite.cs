using System.Collections.Immutable;
using System.Net;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Explore;

/// <summary>How much of assumption A1 a schedule may use; see docs/explore.md.</summary>
internal enum GatewayAssumption
{
    /// <summary>None: the gateway and the links fail as they like.</summary>
    Off,

    /// <summary>The sentence of the design by its letter: no working link pair for less than T while both reach the gateway.</summary>
    Letter,

    /// <summary>Counted as the rules count: from the newest heartbeat, by verdicts, with the stagger bound.</summary>
    Counted,

    /// <summary>Like <see cref="Counted"/>, but a link that carries one way is no failure that A1 excuses.</summary>
    Silent,
}

/// <summary>The third party of safety class A.</summary>
internal enum ThirdParty
{
    /// <summary>None: class C or B.</summary>
    None,

    /// <summary>A lease store.</summary>
    Arbiter,

    /// <summary>A fence agent.</summary>
    Agent,

    /// <summary>Both.</summary>
    Both,
}

/// <summary>What one search is about: site, assumptions and bounds.</summary>
internal sealed record ExploreOptions
{
    /// <summary>Safety class: A, B or C.</summary>
    public char Class { get; init; } = 'C';

    /// <summary>Timing profile: fast or balanced.</summary>
    public string Profile { get; init; } = "fast";

    /// <summary>Third party in class A.</summary>
    public ThirdParty Third { get; init; }

    /// <summary>Most faults in one schedule.</summary>
    public int Faults { get; init; } = 2;

    /// <summary>Simulated time of one schedule.</summary>
    public TimeSpan Horizon { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>The first fault falls into this time; the pair is in a steady state before.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>Distance of the points at which faults happen.</summary>
    public TimeSpan Grid { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>A1, as far as schedules must keep it.</summary>
    public GatewayAssumption Assumption { get; init; } = GatewayAssumption.Counted;

    /// <summary>The fence agent may say "off" of a host that runs.</summary>
    public bool AgentLies { get; init; }

    /// <summary>Search stops after so many states.</summary>
    public long StatesMax { get; init; } = long.MaxValue;

    /// <summary>Threads.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>How far the second host's heartbeats are behind the first one's, as a part of the interval.</summary>
    public double Phase { get; init; } = 0.3;

    /// <summary>stagger_tolerance_seconds of the site; it lengthens T.</summary>
    public TimeSpan StaggerTolerance { get; init; }

    /// <summary>T of the site where it is not the computed one: below its bound something must break.</summary>
    public TimeSpan? TakeoverDelay { get; init; }

    /// <summary>The hosts have a watchdog; without one a daemon that hangs must break something.</summary>
    public bool HasWatchdog { get; init; } = true;

    /// <summary>Promises to watch, by name; empty for all.</summary>
    public ImmutableArray<string> Promises { get; init; } = [];

    /// <summary>Every so many merges both situations are played on side by side; 0 for never. Keeps all situations in memory.</summary>
    public int AuditEvery { get; init; }

    /// <summary>The operator's words, lost state and leases, and slow disks are drawn too.</summary>
    public bool Words { get; init; }

    /// <summary>Kinds of faults; empty for all that the class has.</summary>
    public ImmutableArray<FaultKind> Kinds { get; init; } = [];
}

/// <summary>Fixed durations of the small world, in ticks. Takers are quick: that is where harm comes soonest.</summary>
internal static class WorldTimes
{
    public const long Millisecond = TimeSpan.TicksPerMillisecond;
    public const long Network = 1 * Millisecond;
    public const long Disk = 5 * Millisecond;
    public const long List = 5 * Millisecond;
    public const long Tool = 20 * Millisecond;
    public const long Drain = 30 * Millisecond;
    public const long Call = 10 * Millisecond;
    public const long ToolstackStart = 300 * Millisecond;
    public const long VmStart = 200 * Millisecond;
    public const long Locks = 50 * Millisecond;
    public const long Fuse = 5000 * Millisecond;
    public const long Boot = 4000 * Millisecond;
    public const long DaemonRestart = 1000 * Millisecond;
    public const long SlowDisk = 1200 * Millisecond;
    public const long Store = 20 * Millisecond;
    public const long Agent = 500 * Millisecond;
    public const long StoreLease = 5000 * Millisecond;
}

/// <summary>A site of two hosts (a with VM web, b with VM db) and the facts about it that never change.</summary>
internal sealed class ExploreSite
{
    public const int Vms = 2;
    private readonly DatabaseFacts[] _databases = new DatabaseFacts[2 * 9];
    private readonly HypervisorFacts[] _hypervisors = new HypervisorFacts[16];
    private readonly string[] _addresses;

    public ExploreSite(ExploreOptions options)
    {
        var pool = VirtualSites.Pool();
        var config = VirtualSites.Config(pool, options.Profile, crossover: options.Class == 'B');
        var timing = config.Timing with { StaggerTolerance = options.StaggerTolerance };
        var computed = TimingRules.Of(timing, config.Gateway.Timeout).ComputedTakeoverDelay;
        Config = config with
        {
            Timing = timing with { TakeoverDelay = options.TakeoverDelay ?? computed },
            Watchdog = options.HasWatchdog ? config.Watchdog : new WatchdogConfig(WatchdogKind.None, ""),
            Policy = config.Policy with
            {
                UsesArbiter = options.Third is ThirdParty.Arbiter or ThirdParty.Both,
                UsesFenceAgent = options.Third is ThirdParty.Agent or ThirdParty.Both,
            },
            Arbiter = options.Third is ThirdParty.Arbiter or ThirdParty.Both
                ? new ArbiterConfig { Endpoints = [], CaFile = "", Prefix = "/x", LeaseTime = TimeSpan.FromTicks(WorldTimes.StoreLease) } : null,
        };
        Options = options;
        Local = [new LocalConfig(Config, 0), new LocalConfig(Config, 1)];
        Rules = TimingRules.Of(Config);
        VmIds = [Guid.Parse(pool.Vms[0].Uuid), Guid.Parse(pool.Vms[2].Uuid)];
        if (VmIds[0].CompareTo(VmIds[1]) > 0)
        {
            VmIds = [VmIds[1], VmIds[0]];
        }

        AgeMax = Math.Max(2 * Config.Timing.TakeoverDelay.Ticks, 20 * TimeSpan.TicksPerSecond) + TimeSpan.TicksPerSecond;
        _addresses = [Config.Hosts[0].Address.ToString(), Config.Hosts[1].Address.ToString()];
        Fill();
    }

    public ExploreOptions Options { get; }

    public HaConfig Config { get; }

    public ImmutableArray<LocalConfig> Local { get; }

    public TimingRules Rules { get; }

    public ImmutableArray<Guid> VmIds { get; }

    public int Links => Config.Links.Length;

    /// <summary>No rule tells ages above this one apart.</summary>
    public long AgeMax { get; }

    /// <summary>What the database of a master says of the VMs; belief: per VM 0 for halted, else 1 + host.</summary>
    public DatabaseFacts Database(int master, int belief) => _databases[(master * 9) + belief];

    /// <summary>What the hypervisor says.</summary>
    public HypervisorFacts Hypervisor(int running, int backends) => _hypervisors[(backends * 4) + running];

    /// <summary>Index of a VM.</summary>
    public int VmIndex(Guid vm) => vm == VmIds[0] ? 0 : vm == VmIds[1] ? 1 : -1;

    /// <summary>Management address of a host, as a role file names it.</summary>
    public string Address(int host) => _addresses[host];

    /// <summary>Name of a VM.</summary>
    public static string VmName(int vm) => vm == 0 ? "web" : "db";

    /// <summary>What is on the disk of each host of a pair that has been healthy for long.</summary>
    public DurableState Paired(int host, long incarnation, long epoch) => new()
    {
        Version = 1,
        Incarnation = incarnation,
        PeerIncarnation = incarnation,
        Epoch = epoch,
        Master = Config.Hosts[0].Uuid,
        Attestation = 1,
        SwitchGeneration = 1,
        Enabled = true,
        PeerSwitchGeneration = 1,
        PeerEnabled = true,
        Vms = [.. Enumerable.Range(0, Vms).Select(vm => new VmRecord
        {
            Uuid = VmIds[vm],
            Name = VmName(vm),
            Protected = true,
            Wanted = true,
            LastOn = Config.Hosts[vm].Uuid,
            Priority = RestartPriority.Restart,
        })],
    };

    private void Fill()
    {
        ImmutableArray<Guid> hosts = [.. Config.Hosts.Select(host => host.Uuid).Order()];
        for (var master = 0; master < 2; master++)
        {
            for (var belief = 0; belief < 9; belief++)
            {
                var places = new[] { belief % 3, belief / 3 };
                _databases[(master * 9) + belief] = new DatabaseFacts
                {
                    NativeHaEnabled = false,
                    Master = Config.Hosts[master].Uuid,
                    Hosts = hosts,
                    EnabledHosts = hosts,
                    Vms = [.. places.Select((place, vm) => new VmFact
                    {
                        Uuid = VmIds[vm],
                        Name = VmName(vm),
                        PowerState = place == 0 ? VmPowerState.Halted : VmPowerState.Running,
                        ResidentOn = place == 0 ? Guid.Empty : Config.Hosts[place - 1].Uuid,
                        Priority = RestartPriority.Restart,
                    })],
                };
            }
        }

        for (var mask = 0; mask < 16; mask++)
        {
            var guests = ImmutableArray.CreateBuilder<DomainFact>();
            for (var vm = 0; vm < Vms; vm++)
            {
                if ((mask & (1 << vm)) != 0)
                {
                    guests.Add(new DomainFact(vm + 1, VmIds[vm]));
                }
            }

            _hypervisors[mask] = new HypervisorFacts(guests.ToImmutable(), mask / 4);
        }
    }
}
