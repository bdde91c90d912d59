using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Routine;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Sim.Explore;

/// <summary>The numbers of one host that others count from: only differences to them mean anything.</summary>
/// <param name="Incarnation">Incarnation counter on its disk.</param>
/// <param name="Attestation">Its newest attestation.</param>
/// <param name="SentIncarnation">Incarnation of its newest heartbeat.</param>
/// <param name="SentSequence">Number of it.</param>
/// <param name="HeardIncarnation">Incarnation of the newest heartbeat of the peer that it took in.</param>
/// <param name="HeardSequence">Number of it.</param>
internal readonly record struct HostNumbers(
    long Incarnation, long Attestation, long SentIncarnation, long SentSequence, long HeardIncarnation, long HeardSequence);

/// <summary>
/// Writes what decides the future of a state into a hash: times as ages, ages above every threshold as one, counters as
/// differences. What only explains is left out, by the list in <see cref="LeftOut"/>.
/// </summary>
internal ref struct SituationWriter
{
    private const ulong Nothing = 0xFFFF_0000_FFFF_0001;
    private readonly long _now;
    private readonly long _ageMax;
    private readonly long _epoch;
    private readonly Guid _firstHost;
    private readonly HostNumbers _first;
    private readonly HostNumbers _second;
    private StateHasher _hash = new();
    private int _self = 0;

    public SituationWriter(long now, long ageMax, long epoch, Guid firstHost, in HostNumbers first, in HostNumbers second)
    {
        (_now, _ageMax, _epoch, _firstHost, _first, _second) = (now, ageMax, epoch, firstHost, first, second);
    }

    /// <summary>Properties that are not hashed, with the reason. Everything else is.</summary>
    public static ImmutableDictionary<string, string> LeftOut { get; } = new Dictionary<string, string>
    {
        ["PendingBook.LastId"] = "the zero of all ids of commands",
        ["DurableState.Version"] = "whether disk and memory are equal, and what is being written, is hashed",
        ["PendingBook.Unknown"] = "counts; decides nothing",
        ["PeerView.Rejected"] = "counts; decides nothing",
        ["PeerView.RejectedToldAt"] = "decides only whether it is reported again",
        ["DeletedVm.AtUnixMs"] = "no search deletes a VM",
        ["YieldJournal.NewestUnixMs"] = "the wall clock of a search stands still: the same for each count, but for a tick",
        ["DurableState.PeerUuid"] = "the same in every state of a search",
        ["GatewayView.FirstAnswerAt"] = "for the boot guard, which no host of a search has",
        ["PendingBook.UnknownToldAt"] = "decides only whether it is reported again",
        ["ProceduresView.Plugs"] = "the storage of a search is never away",
        ["DatabaseFacts.Unplugged"] = "the storage of a search is never away",
        ["ProceduresView.Coverage"] = "explains; decides nothing",
        ["ProceduresView.Preference"] = "no site of a search prefers a master",
        ["Life.Why"] = "explains",
        ["Life.Origin"] = "explains; read at the start only",
        ["LatenessView.At"] = "virtual time is never late",
        ["LatenessView.Count"] = "virtual time is never late",
        ["LatenessView.Worst"] = "virtual time is never late",
        ["LatenessView.ReportedAt"] = "virtual time is never late",
        ["LatenessView.Unreported"] = "virtual time is never late",
        ["LatenessView.UnreportedWorst"] = "virtual time is never late",
        ["HostView.ListTrouble"] = "explains; decides only whether it is reported again",
        ["ResetAttempt.Trouble"] = "explains",
        ["ProceduresView.LastRefusal"] = "explains; decides only whether it is reported again",
        ["ThirdPartyView.PeerPowerOffAgent"] = "explains",
        ["ThirdPartyView.AgentTrouble"] = "explains",
        ["ThirdPartyView.Sights"] = "shown, and told when it changes",
        ["ThirdPartyView.Reservation"] = "no site of a search reserves storage",
        ["Schedule.Reservations"] = "no site of a search reserves storage",
        ["ThirdPartyView.Store"] = "the store of the small world never goes back",
        ["PeerView.LinkHeard"] = "shown to the operator only",
        ["PeerView.LinkSequence"] = "decides only what is shown to the operator",
        ["Life.WallUnixMs"] = "only for an end of a disablement, which no schedule has",
        ["ProceduresView.Departure"] = "no schedule shuts a host down in order; the status is hashed",
        ["ProceduresView.Guard"] = "no host of a search has a boot guard; what was decided is over",
        ["HostView.RunningIdsOf"] = "derived from Domains",
        ["HostView.RunningIds"] = "derived from Domains",
        ["PeerView.SignOfLifeKind"] = "explains",
        ["FenceProgress.Reason"] = "explains",
        ["FenceProgress.Told"] = "explains",
        ["DurableState.FenceReason"] = "explains; whether disk and memory are equal is hashed",
        ["DurableState.DisabledReason"] = "explains; whether disk and memory are equal is hashed",
        ["DurableState.ReenableAtUnixMs"] = "no schedule disables HA",
        ["DurableState.Maintenance"] = "no operator asks for a maintenance in a search",
        ["ProceduresView.Moves"] = "no operator asks for a maintenance in a search",
        ["ProceduresView.PeerTooNewSince"] = "both hosts of a search are of one version",
        ["RoleProgress.IsGiven"] = "both hosts of a search are of one version",
        ["ToolstackFacts.TooNew"] = "both hosts of a search are of one version",
        ["ProceduresView.FenceActionAt"] = "no search has a fence_action",
        ["ProceduresView.EmptiedSince"] = "no host of a search is disabled in XAPI",
        ["PeerView.ReturnsSince"] = "no schedule shuts a host down in order",
        ["ProceduresView.HostSwitch"] = "no operator asks for a maintenance in a search",
        ["ProceduresView.MaintenanceStepAt"] = "no operator asks for a maintenance in a search",
        ["VmRecord.Name"] = "the same in every state of a search",
        ["VmRecord.Priority"] = "the same in every state of a search",
        ["VmRecord.Order"] = "the same in every state of a search",
        ["VmRecord.StartDelay"] = "the same in every state of a search",
        ["VmRecord.MemoryBytes"] = "the same in every state of a search",
        ["VmFact.Name"] = "the same in every state of a search",
        ["VmFact.Priority"] = "the same in every state of a search",
        ["VmFact.LizardMark"] = "the same in every state of a search",
        ["VmFact.Order"] = "the same in every state of a search",
        ["VmFact.AgentReports"] = "the same in every state of a search",
        ["VmFact.StartDelay"] = "the same in every state of a search",
        ["DatabaseFacts.Unreadable"] = "empty in every state of a search",
        ["VmRecord.Class"] = "the same in every state of a search",
        ["VmRecord.Appliance"] = "the same in every state of a search",
        ["VmFact.Memory"] = "the same in every state of a search",
        ["VmFact.Devices"] = "the same in every state of a search",
        ["VmFact.Appliance"] = "the same in every state of a search",
        ["VmFact.ShutdownDelay"] = "the same in every state of a search",
        ["VmFact.ScheduledOn"] = "no VM moves in a search",
        ["VmFact.AutoPowerOn"] = "the same in every state of a search",
        ["VmFact.Blocked"] = "the same in every state of a search",
        ["VmFact.UnknownPriority"] = "the same in every state of a search",
        ["DatabaseFacts.HostFacts"] = "the same in every state of a search",
        ["DatabaseFacts.Storages"] = "the same in every state of a search",
        ["DatabaseFacts.Networks"] = "the same in every state of a search",
        ["DatabaseFacts.Appliances"] = "the same in every state of a search",
        ["DatabaseFacts.AutoPowerOn"] = "the same in every state of a search",
        ["DatabaseFacts.Mirrored"] = "no host of a search is reinstalled",
        ["DatabaseFacts.RollingUpgrade"] = "the same in every state of a search",
        ["ToolstackFacts.Database"] = "what counts of it is in HostView.Database; in an answer that waits it is hashed",
        ["HostView.Replicas"] = "no site of a search replicates",
        ["HostView.StorageDetail"] = "explains",
        ["HostView.StorageRefusal"] = "explains; reported once",
        ["ToolstackFacts.Trouble"] = "explains",
        ["ToolstackFacts.Listener"] = "no search names the process: every reading asks",
        ["ToolstackFacts.Asked"] = "true in every state of a search",
        ["WatchdogFacts.Description"] = "explains",
        ["WatchdogFacts.Weakness"] = "explains",
        ["Incarnation.Nonce"] = "a function of host and counter here",
        ["Incarnation.IsNone"] = "derived from Counter",
        ["DomainFact.IsShell"] = "derived from State and Part",
        ["BackendFact.Vdi"] = "explains",
        ["BackendFact.IsWriter"] = "derived; hashed all the same",
        ["HypervisorFacts.IsEmpty"] = "derived from Guests and Backends",
        ["HypervisorFacts.IsQuiet"] = "derived from Guests and Backends",
        ["HypervisorFacts.Unserved"] = "derived from Guests and Backends",
    }.ToImmutableDictionary();

    public readonly StateHash Result => _hash.Result;

    public void Add(long value) => _hash.Add(value);

    public void Add(bool value) => _hash.Add(value);

    /// <summary>A time as its distance from now.</summary>
    public void Time(long at) => _hash.Add(at - _now);

    /// <summary>A due time; everything past is simply due.</summary>
    public void DueTime(long at) => _hash.Add(Math.Max(0, at - _now));

    /// <summary>An age; very old is as good as old.</summary>
    public void Age(long at) => _hash.Add(Math.Min(_now - at, _ageMax));

    public void State(HaState state)
    {
        Add(state.Life.IsStarted);
        Add((long)state.Status);
        Age(state.Life.StatusSince);
        Age(state.Life.StartedAt);
        OptionalAge(state.Life.EnabledAt);
        OptionalDue(state.Life.ReenableAt);
        Add(state.Life.Incarnation.Counter - SelfNumbers.Incarnation);
        Durable(state.Durable);
        Durable(state.Disk.Confirmed);
        Add(state.Durable == state.Disk.Confirmed);
        Add(state.Disk.Writing == 0 ? 0 : state.Durable.Version - state.Disk.Writing + 1);
        Add(state.Disk.Writing != 0);
        if (state.Disk.Writing != 0)
        {
            Durable(state.Disk.BeingWritten);
            Add(state.Durable == state.Disk.BeingWritten);
        }

        Add(state.Disk.Trouble.Length > 0);
        Due(state.Disk.RetryAt);
        OptionalDue(state.Disk.Writing != 0 ? state.Disk.WritingSince + Deadlines.DiskLate : null);
        OptionalDue(state.Watchdog.CarriedLease);
        OptionalDue(state.Watchdog.GraceUntil);
        Add(state.Watchdog.Facts.Present);
        Add(state.Watchdog.Facts.Running);
        Add(state.Watchdog.Facts.SaysRunning);
        Add(state.Watchdog.Facts.TimeoutPerFeeding);
        Add((state.Watchdog.Facts.FixedTimeout ?? TimeSpan.Zero).Ticks);
        Add(state.Watchdog.Armed);
        Add(state.Watchdog.FedWithoutEnd);
        Peer(state.Peer);
        Gateway(state.Gateway);
        Hypervisor(state.Host.Domains);
        Age(state.Host.DomainsAskedAt);
        Toolstack(state.Host.Toolstack);
        Age(state.Host.ToolstackAt);
        Add(state.Host.StandsDownSince is not null);
        Add(state.Host.StandsDownSince is not { } since || state.Host.DomainsAskedAt < since);
        Database(state.Host.Database);
        OptionalAge(state.Host.DatabaseAt);
        Add((long)state.Host.Storage);
        Add(state.Host.StorageProven);
        OptionalAge(state.Procedures.GhostSince);
        OptionalDue(state.ThirdParty.ArbiterUntil);
        OptionalAge(state.ThirdParty.ArbiterSince);
        Add(state.ThirdParty.LeaseAsked);
        Id(state, Purpose.AcquireLease);
        OptionalAge(state.ThirdParty.StoreSeenAt);
        OptionalAge(state.ThirdParty.StoreMissedAt);
        OptionalAge(state.ThirdParty.PeerPowerOffAt);
        Add(state.ThirdParty.PeerPowerOffAt is { } confirmed && state.Peer.SignOfLife is { } sign && sign >= confirmed);
        Add(state.ThirdParty.PeerPowerOffAt is { } off && state.Peer.LastHeard is { } heard && off > heard);
        Id(state, Purpose.FencePeer);
        Id(state, Purpose.SwitchPeerOff);
        Id(state, Purpose.ReadPeerPower);
        OptionalDue(state.ThirdParty.AgentRetryAt);
        Fence(state, state.Procedures.Fence);
        Takeover(state, state.Procedures.Takeover);
        Add((long)state.Procedures.Role.Phase);
        Id(state, Purpose.ChangeRole);
        Id(state, Purpose.KeepVm);
        Id(state, Purpose.CopyDatabase);
        Due(state.Procedures.Role.RetryAt);
        _hash.Add(state.Procedures.Role.StartedFor);
        Add(state.Procedures.Starts.Count);
        foreach (var (vm, attempt) in state.Procedures.Starts)
        {
            Start(state, vm, attempt);
        }

        Ages(state.Procedures.OrphanSince);
        foreach (var (pbd, attempt) in state.Procedures.Plugs)
        {
            _hash.Add(pbd);
            Add(attempt.Tries);
            Due(attempt.RetryAt);
        }

        Add(state.Procedures.Yields?.Count ?? 0);
        OptionalAge(state.Procedures.Yields?.NewestAt);
        var cared = state.Procedures.CaredUnder;
        Add(cared is not null);
        Add(cared?.PeerTakes == true);
        Add((long)(cared?.Storage ?? default));
        Add(cared?.ToolstackReady == true);
        Add(cared?.Unplugged ?? -1);
        Add(cared?.Enabled == true);
        Add(cared?.Alone == true);
        Add(cared?.FreeMemory ?? -1);
        Ages(state.Peer.StopsSeen);
        Ages(state.Peer.LeftDeparting);

        Add(state.Schedule.SyncedVms == state.Durable.Vms);
        Add(Reading.HasMoved(state));
        Age(state.Procedures.AttestedAt);
        Age(state.Procedures.AttestedBy);
        OptionalAge(state.Procedures.RoleConflictSince);
        OptionalAge(state.Procedures.DoubleSince);
        Add(state.Host.DomainsAskedAt > state.Procedures.DoubleSince);
        OptionalAge(state.Procedures.RoleChangeSince);
        OptionalAge(state.Procedures.StopAskedAt);
        Add(state.Procedures.PauseForStop);
        Add(state.Procedures.ExitOrdered);
        var speaks = state.Life.Incarnation.Counter == SelfNumbers.SentIncarnation;
        Add(speaks ? state.Schedule.Sequence - SelfNumbers.SentSequence : state.Schedule.Sequence);
        Beat(state.Schedule.LastBeat);
        Schedule(state, state.Schedule);
    }

    public void Durable(DurableState durable)
    {
        Add(durable.Incarnation - SelfNumbers.Incarnation);
        Add(durable.StateLost);
        Add(durable.RecordYoung);
        Add(durable.Departing);
        Add(durable.Epoch - _epoch);
        _hash.Add(durable.Master);
        Counted(durable.Attestation, SelfNumbers.Attestation);
        Add(durable.Committed);
        Counted(durable.Declined, PeerNumbers.Attestation);
        Add(durable.SwitchGeneration);
        Add(durable.Enabled);
        Add(durable.PeerSwitchGeneration);
        Add(durable.PeerEnabled);
        Add(durable.Promise);
        Add(durable.PromiseStands);
        Add(durable.WantsReadmission);
        Add(durable.PeerPromise);
        Add(durable.Readmitted);
        Add(durable.Disarm);
        Add(durable.LastPause);
        Add(durable.DisarmAcknowledged);
        Add(durable.PeerDisarm);
        Add(durable.PeerDisarmAck);
        Counted(durable.PeerIncarnation, PeerNumbers.Incarnation);
        Add(durable.PeerBound);
        Add(durable.KeepsMastership);
        Add(durable.PeerReturns);
        Counted(durable.PeerAttestation, PeerNumbers.Attestation);
        Add(durable.DisabledFrom);
        Add(durable.FencePending);
        Add(durable.ToolstackOwed);
        Add(durable.Takeover is not null);
        if (durable.Takeover is { } journal)
        {
            Add(journal.Epoch - _epoch);
            Add((long)journal.Rule);
            Add((long)journal.Step);
            Add(journal.WasMaster);
            Add(journal.PeerHeld.Length);
            foreach (var vm in journal.PeerHeld)
            {
                _hash.Add(vm);
            }
        }

        Add(durable.TakenOver.Length);
        foreach (var vm in durable.TakenOver)
        {
            _hash.Add(vm);
        }

        foreach (var vm in durable.Vms)
        {
            _hash.Add(vm.Uuid);
            Add((vm.Protected ? 1 : 0) | (vm.Wanted ? 2 : 0) | (vm.StopSeen ? 4 : 0) | (vm.PeerHas ? 8 : 0));
            _hash.Add(vm.LastOn);
        }

        foreach (var gone in durable.Deleted)
        {
            _hash.Add(gone.Uuid);
        }

        Add(durable.Yields?.Count ?? 0);
    }

    /// <summary>Which host the following state belongs to.</summary>
    public void Self(int index)
    {
        _self = index;
        Add(index);
    }

    /// <summary>A heartbeat, in flight or remembered.</summary>
    public void Beat(Heartbeat? beat)
    {
        Add(beat is not null);
        if (beat is null)
        {
            return;
        }

        var fromFirst = beat.Sender == _firstHost;
        Add(fromFirst);
        _hash.Add(beat.Sender);
        var (sender, receiver) = fromFirst ? (_first, _second) : (_second, _first);
        Add(beat.Incarnation.Counter - sender.Incarnation);
        Add(beat.Incarnation.Counter == sender.SentIncarnation ? beat.Sequence - sender.SentSequence
            : beat.Incarnation.Counter == receiver.HeardIncarnation ? beat.Sequence - receiver.HeardSequence
            : beat.Sequence);
        Age(beat.SentAt);
        Counted(beat.AckIncarnation.Counter, receiver.Incarnation);
        OptionalAge(beat.AckSentAt);
        Add((long)beat.Status);
        Add((long)beat.Flags);
        Add(beat.Epoch - _epoch);
        _hash.Add(beat.Master);
        Counted(beat.Attestation, sender.Attestation);
        Counted(beat.Declined, receiver.Attestation);
        Add(beat.Promise);
        Add(beat.Readmitted);
        Add(beat.Disarm);
        Add(beat.DisarmAck);
        Add(beat.SwitchGeneration);
        _hash.Add(beat.ConfigFingerprint);
        Add(beat.RunningCount);
        Add(beat.TakeoverInMs);
        Add(beat.ReenableAtUnixMs);
        Add(beat.ReenableInMs);
        Mirror(beat.Mirror, receiver);
        foreach (var id in beat.Running.AddRange(beat.Missing))
        {
            _hash.Add(id);
        }

        foreach (var id in beat.Stopped)
        {
            _hash.Add(id);
        }
    }

    private void Mirror(Mirror? mirror, HostNumbers receiver)
    {
        Add(mirror is not null);
        if (mirror is not null)
        {
            Add(mirror.Promise);
            Add(mirror.Pause);
            Add(mirror.Bound);
            Counted(mirror.Attestation, receiver.Attestation);
            Add(mirror.SwitchGeneration);
            Add(mirror.Enabled);
            Counted(mirror.LowestIncarnation, receiver.Incarnation);
        }
    }

    public void Hypervisor(HypervisorFacts? facts)
    {
        Add(facts is not null);
        if (facts is not null)
        {
            Add(facts.OpenBackends);
            Add(facts.Backends.Length);
            foreach (var backend in facts.Backends)
            {
                Add(backend.Pid);
                Add(backend.StartTicks);
                Add((long)backend.Kind);
                Add((long)backend.Owner);
                Add(backend.Domid);
                Add(backend.IsWriter);
            }

            Add(facts.Guests.Length);
            foreach (var guest in facts.Guests)
            {
                Add(guest.Domid);
                Add((long)guest.State);
                Add((long)guest.Part);
                _hash.Add(guest.Vm);
            }
        }
    }

    public void Toolstack(ToolstackFacts? facts)
    {
        Add(facts is not null);
        if (facts is not null)
        {
            Add(facts.Running);
            Add(facts.Answers);
            Add(facts.Emergency);
            Add(facts.ProcessAlive);
            Add(facts.InitComplete);
            Add((long)facts.RoleFile);
            foreach (var letter in facts.MasterAddress)
            {
                Add(letter);
            }
        }
    }

    public void Database(DatabaseFacts? facts)
    {
        Add(facts is not null);
        if (facts is null)
        {
            return;
        }

        Add(facts.NativeHaEnabled);
        _hash.Add(facts.Master);
        Guids(facts.Hosts);
        Guids(facts.EnabledHosts);
        Add(facts.FreeMemoryBytes);
        foreach (var vm in facts.Vms)
        {
            _hash.Add(vm.Uuid);
            Add((long)vm.PowerState);
            _hash.Add(vm.ResidentOn);
            Add(vm.StopRequested);
            Add(vm.StartUnderWay);
        }
    }

    public void Optional(Instant? at)
    {
        if (at is { } instant)
        {
            Time(instant.Ticks);
        }
        else
        {
            _hash.Add(Nothing);
        }
    }

    /// <summary>The end of a right; one that is over is over.</summary>
    private void Ages(ImmutableSortedDictionary<Guid, Instant> times)
    {
        Add(times.Count);
        foreach (var (vm, since) in times)
        {
            _hash.Add(vm);
            Age(since.Ticks);
        }
    }

    private void OptionalDue(Instant? at)
    {
        Add(at is not null);
        DueTime(at?.Ticks ?? 0);
    }

    /// <summary>An id of a command: only which one it is among those that are known.</summary>
    public void Id(HaState state, long id) => Add(id == 0 ? 0 : state.Pending.LastId - id + 1);

    private void Id(HaState state, Purpose purpose) => Id(state, state.Pending.IdOf(purpose));

    private readonly HostNumbers SelfNumbers => _self == 0 ? _first : _second;

    private readonly HostNumbers PeerNumbers => _self == 0 ? _second : _first;

    private void Guids(ImmutableArray<Guid> guids)
    {
        Add(guids.Length);
        foreach (var guid in guids)
        {
            _hash.Add(guid);
        }
    }

    private void Counted(long value, long from)
    {
        if (value == 0)
        {
            _hash.Add(Nothing);
        }
        else
        {
            Add(value - from);
        }
    }

    private void Age(Instant at) => Age(at.Ticks);

    private void Due(Instant at) => DueTime(at.Ticks);

    private void OptionalAge(Instant? at)
    {
        if (at is { } instant)
        {
            Age(instant.Ticks);
        }
        else
        {
            _hash.Add(Nothing);
        }
    }

    private void Peer(PeerView peer)
    {
        Beat(peer.Beat);
        OptionalAge(peer.LastHeard);
        OptionalAge(peer.HeardSince);
        OptionalAge(peer.NearSince);
        OptionalAge(peer.StorageSince);
        OptionalAge(peer.LastFresh);
        OptionalAge(peer.LastAcked);
        OptionalAge(peer.IncarnationSince);
        OptionalAge(peer.AttestedSince);
        OptionalAge(peer.GatewaySince);
        OptionalAge(peer.SignOfLife);
        OptionalAge(peer.ProbedAt);
        Age(peer.ProbedSince);
        OptionalAge(peer.ToolstackAnsweredAt);

        // One clock here: their difference is what counts of the two.
        OptionalAge(peer.ClockOwn);
        Add((peer.ClockOwn - peer.ClockPeer)?.Ticks ?? 0);
        OptionalDue(peer.TakeoverFloor);
    }

    private void Gateway(GatewayView gateway)
    {
        foreach (var at in gateway.Answered)
        {
            OptionalAge(at);
        }

        OptionalAge(gateway.FreshSince);
        Add(gateway.Unanswered);
        OptionalAge(gateway.LastRound);
    }

    private void Fence(HaState state, FenceProgress? fence)
    {
        Add(fence is not null);
        if (fence is null)
        {
            return;
        }

        // Readings are hashed by age, and by their order to what they are compared with.
        Add(state.Host.DomainsAskedAt >= fence.ToolstackDeadAt);
        Add(state.Host.DomainsAskedAt < fence.LastKillEnded);
        Time(fence.DecidedAt.Ticks);
        Add(state.Pending.Count(Purpose.KillDomain));
        foreach (var kill in state.Pending.Open)
        {
            if (kill.Purpose == Purpose.KillDomain)
            {
                Id(state, kill.Id);
                Add(kill.Domid);
            }
        }

        Optional(fence.LastKillEnded);
        Id(state, Purpose.KillToolstack);
        Id(state, Purpose.EndBackends);
        Optional(fence.ToolstackDeadAt);
        Add(fence.Verified);
        Add(fence.ResetOrdered);
    }

    private void Takeover(HaState state, TakeoverProgress? takeover)
    {
        Add(takeover is not null);
        if (takeover is null)
        {
            return;
        }

        Add(state.Host.ToolstackAt >= takeover.StepSince);
        Add(state.Host.DatabaseAt >= takeover.StepSince);
        Time(takeover.StartedAt.Ticks);
        Time(takeover.StepSince.Ticks);
        Add(state.Pending.Count(Purpose.TakeoverStep));
        foreach (var order in state.Pending.Open)
        {
            if (order.Purpose == Purpose.TakeoverStep)
            {
                Id(state, order.Id);
                _hash.Add(order.Vm);
            }
        }

        Add(takeover.DoneVms.Count);
        var all = 0UL;
        foreach (var vm in takeover.DoneVms)
        {
            // A set has no order: a sum has none either.
            var one = new StateHasher();
            one.Add(vm);
            all += one.Result.Low;
        }

        _hash.Add(all);
        Add(takeover.Tries);
        Add(takeover.Resets);
        OptionalAge(takeover.ToolstackSaidAt);
        Add(takeover.DatabaseAsked);
        Add(state.Host.DatabaseAt >= state.Host.ToolstackAt);
        Add(takeover.PowerStates.Count);
        foreach (var (vm, attempt) in takeover.PowerStates)
        {
            Reset(state, vm, attempt);
        }

        Due(takeover.RetryAt);
        Add((long)takeover.Phase);
    }

    private void Reset(HaState state, Guid vm, ResetAttempt attempt)
    {
        _hash.Add(vm);
        Add(attempt.Tries);
        Id(state, state.Pending.IdOf(Purpose.ResetVm, vm));
        Due(attempt.RetryAt);
        OptionalAge(attempt.DoneAt);
        OptionalAge(attempt.UnknownSince);
        Add(state.Host.DatabaseAt > attempt.DoneAt);
        Add(state.Host.DatabaseAt >= attempt.UnknownSince);
        Add(attempt.GivenUp);
    }

    private void Start(HaState state, Guid vm, StartAttempt attempt)
    {
        _hash.Add(vm);
        Add(attempt.Tries);
        Id(state, state.Pending.IdOf(Purpose.StartVm, vm));
        Due(attempt.RetryAt);
        Add(attempt.OnPeer);
        Add(attempt.OrderedOnPeer);
        OptionalAge(attempt.OrderedAt);
        OptionalAge(attempt.ShownAt);
        OptionalAge(attempt.UnknownSince);
        Add((long)attempt.Trouble);
        Add(attempt.GivenUp.Length > 0);
        Add(attempt.GivenUpTimes);
        OptionalAge(attempt.SucceededAt);
        Add(attempt.SucceededAt > state.Host.DatabaseAt);
    }

    private void Schedule(HaState state, Schedule schedule)
    {
        Due(schedule.Heartbeat);
        Due(schedule.Gateway);
        Due(schedule.PeerProbe);
        Due(schedule.Domains);
        Due(schedule.Toolstack);
        Due(schedule.Database);
        Due(schedule.Arbiter);
        Due(schedule.Agent);
        Due(schedule.Sync);
        Due(schedule.Watchdog);
        Id(state, Purpose.ReadDomains);
        Id(state, Purpose.ReadToolstack);
        if (state.Pending.Has(Purpose.ReadDomains))
        {
            Time(schedule.DomainsAskedAt.Ticks);
        }

        if (state.Pending.Has(Purpose.ReadToolstack))
        {
            Time(schedule.ToolstackAskedAt.Ticks);
        }
    }
}
