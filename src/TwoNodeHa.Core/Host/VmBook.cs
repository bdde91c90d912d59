using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Host;

/// <summary>
/// Keeps the own record of VMs: what is protected, what is to be kept running, where it ran last. XAPI's database feeds
/// it while it can be read; the hypervisors' own lists correct it.
/// </summary>
internal static class VmBook
{
    public static void SeeDomains(Draft turn)
    {
        var self = turn.Config.Self.Uuid;
        Rewrite(turn, vm => turn.View.RunsHere(vm.Uuid) ? RunsOn(turn, vm, self) : IsGoneFrom(vm, self) ? vm with { LastOn = Guid.Empty } : vm);
    }

    /// <summary>A VM that was stopped, was gone and runs again was started: the database will show that later.</summary>
    private static VmRecord RunsOn(Draft turn, VmRecord vm, Guid host)
    {
        Wishes.Moved(turn, vm, host);
        var again = vm.StopSeen && vm.LastOn == Guid.Empty;
        return vm.LastOn == host && (vm.Wanted || vm.StopSeen) ? vm
            : vm with { LastOn = host, Wanted = vm.Wanted || again || !vm.StopSeen, StopSeen = vm.StopSeen && !again };
    }

    /// <summary>It was stopped there, and what runs there does not show it.</summary>
    private static bool IsGoneFrom(VmRecord vm, Guid host) => vm.StopSeen && vm.LastOn == host;

    public static void SeePeer(Draft turn)
    {
        // Every turn asks, and almost none changes anything.
        if (AnyIsNewOnPeer(turn.View))
        {
            NoteOnPeer(turn);
        }
    }

    private static void NoteOnPeer(Draft turn)
    {
        var peer = turn.Config.Peer.Uuid;
        Rewrite(turn, vm => IsNewOnPeer(turn.View, vm) ? RunsOn(turn, vm, peer) : IsGoneFromPeer(turn.View, vm) ? vm with { LastOn = Guid.Empty } : vm);
    }

    private static bool IsNewOnPeer(View view, VmRecord vm) =>
        vm.LastOn != view.Config.Peer.Uuid && view.RunsOnPeer(vm.Uuid) && !view.RunsHere(vm.Uuid);

    private static bool IsGoneFromPeer(View view, VmRecord vm) =>
        IsGoneFrom(vm, view.Config.Peer.Uuid) && view.PeerListsAll && !view.RunsOnPeer(vm.Uuid);

    private static bool AnyIsNewOnPeer(View view)
    {
        foreach (var vm in view.Durable.Vms)
        {
            if (IsNewOnPeer(view, vm) || IsGoneFromPeer(view, vm))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The peer tells which VMs it misses: of use to a host whose own record is new.</summary>
    public static void HearMissing(Draft turn, ImmutableArray<ulong> missing) =>
        Rewrite(turn, vm => vm is { Wanted: false, StopSeen: false } && missing.BinarySearch(VmShortId.Of(vm.Uuid)) >= 0
            ? vm with { Wanted = true }
            : vm);

    /// <summary>
    /// The peer says of VMs that this host misses that they were stopped or deleted through XAPI: of use while the own toolstack
    /// does not answer, which else knows better. Shown running again there, a VM is wanted again.
    /// </summary>
    public static void HearStopped(Draft turn, ImmutableArray<ulong> stopped)
    {
        if (!stopped.IsEmpty && !turn.View.ToolstackHealthy)
        {
            Rewrite(turn, vm => vm.Wanted && vm.LastOn == turn.Config.Peer.Uuid && stopped.BinarySearch(VmShortId.Of(vm.Uuid)) >= 0
                && !turn.View.RunsHere(vm.Uuid) && !turn.View.RunsOnPeer(vm.Uuid) ? vm with { Wanted = false, LastOn = Guid.Empty } : vm);
        }
    }

    public static void SeeDatabase(Draft turn, DatabaseFacts facts)
    {
        // A toolstack that is starting serves an empty database for a moment.
        if (facts.Hosts.IsEmpty)
        {
            return;
        }

        var old = turn.Durable.Vms;
        var ofPeer = turn.View is { IsMaster: false, PeerFresh: true } && turn.Peer.Beat!.Has(HeartbeatFlags.IsMaster);
        var records = ImmutableArray.CreateBuilder<VmRecord>(facts.Vms.Length);
        foreach (var fact in facts.Vms)
        {
            var known = Find(old, fact.Uuid) ?? Tombstones.Of(turn, fact);
            Wishes.Moved(turn, known, IsUp(fact) ? fact.ResidentOn : Guid.Empty);
            var record = Merge(turn.Config.Policy, known, fact, Wishes.IsOne(turn, known, fact), known is not null && IsOld(turn, fact));
            records.Add(ofPeer && !record.PeerHas ? record with { PeerHas = true } : record);
        }

        foreach (var record in old)
        {
            // A promoted slave's database can lack a VM that the own record knows.
            if (Find(records, record.Uuid) is null && (turn.Durable.Takeover is not null || MayBeUnreadable(facts, record.Uuid)))
            {
                records.Add(record);
            }
        }

        records.Sort((left, right) => left.Uuid.CompareTo(right.Uuid));
        Tombstones.See(turn, facts, old, records.ToImmutable());
        if (!records.ToImmutable().SequenceEqual(old))
        {
            turn.Durable = turn.Durable with { Vms = records.ToImmutable() };
        }
    }

    /// <summary>The database was copied to the peer, which was heard with a toolstack that takes it.</summary>
    public static void Copied(Draft turn, Observation.ActionFinished finished)
    {
        if (finished.Outcome == ActionOutcome.Succeeded && turn.View.PeerFresh && turn.Peer.Beat!.Has(HeartbeatFlags.ToolstackHealthy))
        {
            var copied = turn.Schedule.SyncedVms;
            var isNewest = copied == turn.Durable.Vms;
            Rewrite(turn, vm => !vm.PeerHas && Find(copied, vm.Uuid) is not null ? vm with { PeerHas = true } : vm);
            turn.Schedule = isNewest ? turn.Schedule with { SyncedVms = turn.Durable.Vms } : turn.Schedule;
        }
    }

    /// <summary>The peer lives: what the database shows on it from now on may be true.</summary>
    public static void SeePeerAlive(Draft turn)
    {
        if (!turn.Durable.TakenOver.IsEmpty)
        {
            turn.Durable = turn.Durable with { TakenOver = [] };
        }
    }

    /// <summary>The peer's answer to something that this host sent after it saw the stops: does it shut down, or not?</summary>
    public static void HearOfStops(Draft turn, Heartbeat beat)
    {
        var seen = turn.State.Peer.StopsSeen;
        if (seen.IsEmpty || beat.AckIncarnation != turn.State.Life.Incarnation || beat.AckSentAt is not { } asked)
        {
            return;
        }

        foreach (var (uuid, at) in seen)
        {
            if (asked < at)
            {
                continue;
            }

            turn.Peer = turn.Peer with { StopsSeen = turn.State.Peer.StopsSeen.Remove(uuid) };
            if (!beat.Has(HeartbeatFlags.Departing))
            {
                Rewrite(turn, vm => vm.Uuid == uuid && !vm.StopSeen ? vm with { StopSeen = true, Wanted = vm.Wanted && ShownRunning(turn, uuid) } : vm);
            }
        }
    }

    /// <summary>
    /// A promoted host begins with its own copy of the database, minutes old: what that shows as running, and is not here, may have been
    /// stopped, suspended or moved since by an administrator. The own record is newer, and a dead host's VM is not running in any case.
    /// </summary>
    private static bool IsOld(Draft turn, VmFact fact) => IsUp(fact) && !turn.View.RunsHere(fact.Uuid)
        && (turn.Durable.Takeover is not null
            || (turn.State.Status == HaStatus.Sole && !turn.View.PeerHeard && fact.ResidentOn == turn.Config.Peer.Uuid)
            || (IsMasterAlone(turn.View) && fact.ResidentOn == turn.Config.Peer.Uuid && !turn.View.RunsOnPeer(fact.Uuid)));

    /// <summary>While the peer's toolstack has not come up beside this master, nothing tells the database what runs there. Its hypervisor's list does.</summary>
    private static bool IsMasterAlone(View view) => view is { IsMaster: true, PeerListsAll: true }
        && !view.State.Peer.Beat!.Has(HeartbeatFlags.Fit | HeartbeatFlags.ToolstackHealthy);

    private static bool ShownRunning(Draft turn, Guid uuid) =>
        turn.State.Host.Database is { } database && database.Vms.Any(fact => fact.Uuid == uuid && IsUp(fact));

    /// <summary>Suspended on a host is a checkpoint under way; a VM that somebody suspended is on none.</summary>
    private static bool IsUp(VmFact fact) => fact.PowerState is VmPowerState.Running or VmPowerState.Paused
        || (fact.PowerState == VmPowerState.Suspended && fact.ResidentOn != Guid.Empty);

    private static VmRecord Merge(PolicyConfig policy, VmRecord? known, VmFact fact, bool wish, bool old)
    {
        var running = IsUp(fact) && !old;
        var stopSeen = wish || (known is { StopSeen: true } && !running);
        var wanted = fact.PowerState switch
        {
            _ when running => true,
            VmPowerState.Suspended when !old => false,
            _ => known is { Wanted: true } && !stopSeen,
        };
        var protection = Protection.Of(policy, fact);
        return new VmRecord
        {
            Uuid = fact.Uuid,
            Name = fact.Name,
            Protected = protection.IsProtected,
            Wanted = wanted,
            StopSeen = stopSeen,
            LastOn = running && fact.ResidentOn != Guid.Empty ? fact.ResidentOn : known?.LastOn ?? Guid.Empty,
            Priority = fact.Priority,
            Order = fact.Order,
            StartDelay = fact.StartDelay,
            MemoryBytes = MemoryRules.Need(policy, fact.Memory),
            Class = protection.Class,
            Appliance = fact.Appliance,
            PeerHas = known is { PeerHas: true },
        };
    }

    /// <summary>A VM whose record cannot be read is not gone. Without a uuid it could be any.</summary>
    private static bool MayBeUnreadable(DatabaseFacts facts, Guid uuid) =>
        facts.Unreadable.Any(record => record.Class == "VM" && (record.Uuid == uuid || record.Uuid == Guid.Empty));

    private static VmRecord? Find(IEnumerable<VmRecord> records, Guid uuid)
    {
        foreach (var record in records)
        {
            if (record.Uuid == uuid)
            {
                return record;
            }
        }

        return null;
    }

    private static void Rewrite(Draft turn, Func<VmRecord, VmRecord> change)
    {
        var vms = turn.Durable.Vms;
        for (var i = 0; i < vms.Length; i++)
        {
            var changed = change(vms[i]);
            if (!ReferenceEquals(changed, vms[i]))
            {
                vms = vms.SetItem(i, changed);
            }
        }

        if (vms != turn.Durable.Vms)
        {
            turn.Durable = turn.Durable with { Vms = vms };
        }
    }
}
