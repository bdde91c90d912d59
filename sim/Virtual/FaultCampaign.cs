using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// One seeded schedule of random faults, then healing: S1 is checked all the time; at the end every VM must run, on one
/// host, and both hosts must be paired again (L1 to L3). Assumption A1 holds by construction in class C: a management
/// port has two directions and the gateway needs both, so two hosts that see the gateway hear each other.
/// </summary>
public sealed class FaultCampaign(int seed, bool crossover)
{
    private static readonly string[] Kinds =
        ["out", "in", "cable", "cable", "gateway", "power", "power", "daemon", "freeze", "loss", "toolstack", "reset", "crossover"];

    public VirtualWorld World { get; private set; } = null!;

    /// <summary>Runs the schedule; null when all promises held, otherwise what broke.</summary>
    public string? Run(int faults = 12, Action<string>? onLine = null)
    {
        var pool = VirtualSites.Pool();
        World = new VirtualWorld(VirtualSites.Config(pool, "balanced", crossover), pool, ToolstackTimings.Fast, seed)
        {
            OnLine = onLine,
        };
        World.Install();
        if (!World.RunUntil(() => BothAre(HaStatus.Disabled) && World.Hosts[0].Daemon!.State.Database is not null, TimeSpan.FromSeconds(120)))
        {
            return "start: the hosts do not come up";
        }

        var reply = World.Hosts[0].Daemon!.Ask(new OperatorRequest.Enable());
        if (reply is not { Accepted: true } || !World.RunUntil(() => BothAre(HaStatus.Paired), TimeSpan.FromSeconds(30)))
        {
            return $"start: not paired ({reply?.Text})";
        }

        for (var i = 0; i < faults && World.Violations.Count == 0; i++)
        {
            Fault();
            World.RunFor(TimeSpan.FromSeconds(Pick(0.3, 1, 2, 3, 5, 8, 12, 20, 40)));
        }

        Heal();
        World.RunUntil(() => World.Violations.Count > 0 || Recovered(), TimeSpan.FromSeconds(300));
        World.RunFor(TimeSpan.FromSeconds(5));
        return World.Violations.Count > 0 ? World.Violations[0] : Recovered() ? null : $"L: {Describe()}";
    }

    private bool BothAre(HaStatus status) => World.Hosts.All(host => host.Daemon?.State.Status == status);

    private bool Recovered() => BothAre(HaStatus.Paired)
        && World.Pool.Vms.All(vm => World.Runs(0, vm.Name) || World.Runs(1, vm.Name));

    private string Describe() => string.Join("; ", World.Hosts.Select(host =>
        $"{host.Name}={host.Daemon?.State.Status.ToString() ?? "no daemon"} e{host.Daemon?.State.Durable.Epoch} "
        + $"[{string.Join(' ', host.Domains.List().Select(domain => domain.VmName))}] {host.Toolstack.Status.RoleFile}"));

    private void Fault()
    {
        var kind = Kinds[World.Random.Next(Kinds.Length)];
        var index = World.Random.Next(2);
        var host = World.Hosts[index];
        World.Log("fault", $"{kind} {host.Name}");
        switch (kind)
        {
            case "out" or "in":
                World.Network.Port(index, kind == "out", World.Random.Next(2) == 0);
                break;
            case "cable":
                World.Network.Cable(index, World.Random.Next(2) == 0);
                break;
            case "crossover":
                World.Network.Crossover = !World.Network.Crossover;
                break;
            case "gateway":
                World.Network.Gateway = !World.Network.Gateway;
                break;
            case "loss":
                World.Network.Loss = Pick(0, 0, 0.1, 0.3);
                break;
            case "power" when host.PoweredOn:
                host.PowerOff();
                break;
            case "power":
                host.PowerOn();
                break;
            case "reset":
                host.Reset();
                break;
            case "daemon":
                host.KillDaemon();
                break;
            case "freeze" when host.Daemon is { } daemon:
                daemon.Freeze();
                World.Scheduler.After(TimeSpan.FromSeconds(Pick(0.5, 2, 6, 15, 30)), daemon.Thaw);
                break;
            case "toolstack":
                host.Toolstack.Crash();
                break;
        }
    }

    private void Heal()
    {
        World.Log("fault", "heal");
        World.Network.Heal();
        foreach (var host in World.Hosts)
        {
            host.PowerOn();
        }
    }

    private double Pick(params double[] values) => values[World.Random.Next(values.Length)];
}
