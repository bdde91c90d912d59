using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>Two hosts, their network and their storage in virtual time, with a checker of what really runs.</summary>
public sealed class VirtualWorld
{
    private readonly List<string> _log = [];

    public VirtualWorld(HaConfig config, PoolDefinition pool, ToolstackTimings timings, int seed)
    {
        Pool = pool;
        var random = new Random(seed);
        Random = random;
        Network = new VirtualNetwork(Scheduler, random);
        Hosts =
        [
            new VirtualHost(this, 0, new LocalConfig(config, 0), timings, random.Next()),
            new VirtualHost(this, 1, new LocalConfig(config, 1), timings, random.Next()),
        ];
    }

    public VirtualScheduler Scheduler { get; } = new();

    public Random Random { get; }

    public PoolDefinition Pool { get; }

    public VirtualStorage Storage { get; } = new();

    public VirtualNetwork Network { get; }

    public IReadOnlyList<VirtualHost> Hosts { get; }

    /// <summary>The host rejects its own TCP to the peer's toolstack.</summary>
    public bool[] Blocked { get; } = new bool[2];

    /// <summary>Violations of S1 seen by the checker: the same VM on both hosts, or its disk written from both.</summary>
    public List<string> Violations { get; } = [];

    public IReadOnlyList<string> LogLines => _log;

    /// <summary>Told of each line, as it is written.</summary>
    public Action<string>? OnLine { get; set; }

    /// <summary>Told of each event of a daemon.</summary>
    public Action<int, HaEvent>? OnEvent { get; set; }

    public void Install()
    {
        foreach (var host in Hosts)
        {
            host.Install();
        }
    }

    /// <summary>A management path carries both ways between the hosts' toolstacks.</summary>
    public bool Path(int from) => Network.Carries(0, from) && Network.Carries(0, 1 - from);

    public void Log(string who, string text)
    {
        var line = $"{Scheduler.Now.Seconds,9:F3} {who,-6} {text}";
        _log.Add(line);
        OnLine?.Invoke(line);
    }

    /// <summary>Reads the truth: who runs, and who may still write.</summary>
    public void Check()
    {
        foreach (var vm in Hosts[0].Domains.Writing)
        {
            if (Hosts[1].Domains.Writing.Contains(vm))
            {
                var name = Pool.Vms.FirstOrDefault(definition => definition.Uuid == vm)?.Name ?? vm;
                var text = $"S1: {name} runs or writes on both hosts";
                if (Violations.Count == 0 || !Violations[^1].EndsWith(text, StringComparison.Ordinal))
                {
                    Violations.Add($"{Scheduler.Now.Seconds:F3} {text}");
                    Log("truth", text);
                }
            }
        }
    }

    public bool Runs(int host, string vmName) =>
        Hosts[host].Domains.List().Any(domain => domain.VmName == vmName);

    /// <summary>Runs for a time, checking the truth ten times a second and after every action of a daemon.</summary>
    public void RunFor(TimeSpan duration)
    {
        var end = Scheduler.Now + duration;
        while (Scheduler.Now < end)
        {
            Scheduler.RunFor(TimeSpan.FromMilliseconds(100));
            Check();
        }
    }

    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        var end = Scheduler.Now + limit;
        while (!condition())
        {
            if (Scheduler.Now >= end)
            {
                return false;
            }

            RunFor(TimeSpan.FromMilliseconds(100));
        }

        return true;
    }
}
