using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Operator;

/// <summary>What <c>ha-ctl vm</c> shows.</summary>
internal sealed class VmComposer
{
    private readonly View _view;
    private readonly PoolIndex _pool;
    private readonly Dictionary<Guid, VmRecord> _records;
    private readonly Dictionary<Guid, Fate> _fates;
    private readonly Dictionary<Guid, long> _free;

    private VmComposer(View view, DatabaseFacts database)
    {
        _view = view;
        _pool = new PoolIndex(database);
        _records = view.Durable.Vms.ToDictionary(static vm => vm.Uuid);
        _free = view.Config.Config.Hosts.ToDictionary(static host => host.Uuid, Free);
        _fates = view.Config.Config.Hosts.ToDictionary(static host => host.Uuid, host => Fate.Of(view, host));
    }

    public static VmReport Compose(View view)
    {
        if (view.State.Host.Database is not { } database)
        {
            return new VmReport { Vms = [] };
        }

        var composer = new VmComposer(view, database);
        return new VmReport
        {
            FactsAgeSeconds = view.State.Host.DatabaseAt is { } read ? Math.Round((view.Now - read).TotalSeconds, 1) : null,
            Vms = [.. database.Vms.Select(composer.Vm).OrderBy(static vm => vm.Name, StringComparer.Ordinal).ThenBy(static vm => vm.Uuid)],
        };
    }

    private VmDetail Vm(VmFact vm)
    {
        var protection = Protection.Of(_view.Policy, vm);
        var record = _records.GetValueOrDefault(vm.Uuid);
        var home = _view.RunsHere(vm.Uuid) ? _view.Config.Self : _view.RunsOnPeer(vm.Uuid) ? _view.Config.Peer : null;
        var detail = new VmDetail(vm.Uuid, vm.Name)
        {
            Protected = protection.IsProtected,
            ProtectedWhy = protection.Why,
            Class = protection.IsProtected ? Word(protection.Class) : "",
            Order = vm.Order,
            StartDelaySeconds = vm.StartDelay.TotalSeconds,
            ShutdownDelaySeconds = vm.ShutdownDelay.TotalSeconds,
            Appliance = ApplianceOf(vm),
            Wanted = record is { Wanted: true },
            On = home?.Name ?? "",
            NeedBytes = MemoryRules.Need(_view.Policy, vm.Memory),
            DynamicMinBytes = vm.Memory.DynamicMin,
            DynamicMaxBytes = vm.Memory.DynamicMax,
            Places = [.. _view.Config.Config.Hosts.Select(host => Place(vm, host, home, record))],
            Remarks = [.. VmOddities.Of(_pool, vm)],
        };
        return home is not null && protection.IsProtected ? WithFate(detail, home) : detail;
    }

    private string ApplianceOf(VmFact vm) => vm.Appliance == Guid.Empty ? ""
        : _pool.Facts.Appliances.FirstOrDefault(one => one.Uuid == vm.Appliance)?.Name ?? vm.Appliance.ToString();

    private VmDetail WithFate(VmDetail vm, HostConfig home)
    {
        var fate = _fates[home.Uuid];
        if (fate.Plan.MissOf(vm.Uuid) is { } miss)
        {
            return vm with { IfItsHostFails = $"does not come back: {miss.Obstacle.Text}" };
        }

        if (fate.Plan.StepOf(vm.Uuid) is null)
        {
            return vm;
        }

        var (master, slave) = (fate.AsMaster[vm.Uuid].TotalSeconds, fate.AsSlave[vm.Uuid].TotalSeconds);
        var survivor = home.Uuid == _view.Config.Self.Uuid ? _view.Config.Peer.Name : _view.Config.Self.Name;
        var now = OutlookComposer.IsMaster(_view, home) ? master : slave;
        return vm with
        {
            ComesBack = true,
            IfItsHostFails = string.Create(CultureInfo.InvariantCulture, $"runs on {survivor} after about {now:F0} s"),
            DownOnMasterSeconds = Math.Round(master, 1),
            DownOnSlaveSeconds = Math.Round(slave, 1),
        };
    }

    private VmPlace Place(VmFact vm, HostConfig host, HostConfig? home, VmRecord? record)
    {
        var obstacles = Placement.Of(_pool, vm, host.Uuid, home?.Uuid ?? record?.LastOn ?? Guid.Empty);
        var texts = obstacles.Select(static obstacle => obstacle.Text).ToList();
        var can = !obstacles.Any(static obstacle => obstacle.Prevents);
        if (host != home && TooBig(vm, host) is { } text)
        {
            texts.Insert(0, text);
            can = false;
        }

        return new VmPlace(host.Name, can, [.. texts]);
    }

    /// <summary>Too big for the host as it is now, whatever else fails.</summary>
    private string? TooBig(VmFact vm, HostConfig host)
    {
        var (free, need) = (_free[host.Uuid], MemoryRules.Need(_view.Policy, vm.Memory));
        return free >= 0 && need > free ? $"needs {MemoryRules.Text(need)}, {MemoryRules.Text(free)} free" : null;
    }

    private long Free(HostConfig host) => Planner.Free(new PlanInput(_view.Policy, _pool, host.Uuid, host.Uuid == _view.Config.Self.Uuid)
    {
        Candidates = [],
        IsThere = static _ => false,
    });

    private static string Word(VmClass @class) => @class switch
    {
        VmClass.Restart => "restart",
        VmClass.BestEffort => "best-effort",
        _ => "ordinary",
    };

    /// <summary>What becomes of the VMs of a host that fails, and when, in either role.</summary>
    private sealed record Fate(FailoverPlan Plan, Dictionary<Guid, TimeSpan> AsMaster, Dictionary<Guid, TimeSpan> AsSlave)
    {
        public static Fate Of(View view, HostConfig host)
        {
            var plan = view.PlanFor(host.Uuid)!;
            return new Fate(plan, OutlookComposer.Times(view, plan, wasMaster: true), OutlookComposer.Times(view, plan, wasMaster: false));
        }
    }
}
