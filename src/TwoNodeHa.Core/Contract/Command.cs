using System.Collections.Immutable;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Contract;

/// <summary>
/// An order to an adapter. Closed set. Commands of one turn are executed in the order of the list; those that can take
/// time run beside the loop and answer with an observation that carries their id. Adapters decide nothing and repeat nothing.
/// </summary>
public abstract record Command
{
    private Command()
    {
    }

    /// <summary>Send a heartbeat on every link, now.</summary>
    public sealed record SendHeartbeat(Heartbeat Beat) : Command;

    /// <summary>Send one ICMP echo to every gateway address; answers come as <see cref="Observation.GatewayAnswered"/>.</summary>
    public sealed record ProbeGateway : Command;

    /// <summary>Ask the peer's kernel for a sign of life on every known address; answers come as <see cref="Observation.PeerAnswered"/>.</summary>
    public sealed record ProbePeer : Command;

    /// <summary>Arm or feed the watchdog so that it fires this long from now (whole seconds where the device wants that, rounded down).</summary>
    public sealed record FeedWatchdog(TimeSpan Timeout) : Command;

    /// <summary>Disarm the watchdog (magic close).</summary>
    public sealed record DisarmWatchdog : Command;

    /// <summary>Record the end of the right to run in the run directory, for a restarted daemon of the same boot.</summary>
    public sealed record RecordLease(Instant Until) : Command;

    /// <summary>Write the durable state; answered by <see cref="Observation.Persisted"/>.</summary>
    public sealed record Persist(DurableState State) : Command;

    /// <summary>Read the hypervisor's list; answered by <see cref="Observation.DomainsListed"/> within <paramref name="Deadline"/>.</summary>
    public sealed record ListDomains(long Id, TimeSpan Deadline) : Command;

    /// <summary>Observe the toolstack; answered by <see cref="Observation.ToolstackObserved"/> within <paramref name="Deadline"/>.</summary>
    /// <param name="Id">Id of the command.</param>
    /// <param name="WithDatabase">Read the database too; on a slave without master that hangs until the deadline.</param>
    /// <param name="Deadline">Bound.</param>
    public sealed record ReadToolstack(long Id, bool WithDatabase, TimeSpan Deadline) : Command
    {
        /// <summary>
        /// A process that answered and was not in emergency mode, which it cannot enter while it lives (xapi.md 3). As long as that
        /// one listens and picks up, it is not asked; null: ask.
        /// </summary>
        public ToolstackListener? Known { get; init; }

        /// <summary>Least time between two <see cref="Observation.DatabaseObserved"/> from now on, however many changes the toolstack tells.</summary>
        public TimeSpan EventSpacing { get; init; } = UsualSpacing;

        /// <summary><see cref="EventSpacing"/> where nothing else is said.</summary>
        public static readonly TimeSpan UsualSpacing = TimeSpan.FromSeconds(0.5);

        /// <summary>It is asked all the same when its database is not read within this: picking up is not answering.</summary>
        public static readonly TimeSpan AskedBeside = TimeSpan.FromSeconds(1);
    }

    /// <summary>An action that answers with <see cref="Observation.ActionFinished"/> within its deadline.</summary>
    /// <param name="Id">Id of the command.</param>
    /// <param name="Action">What to do.</param>
    /// <param name="Deadline">Bound; after it the outcome is <see cref="ActionOutcome.Unknown"/>.</param>
    public sealed record Act(long Id, HaAction Action, TimeSpan Deadline) : Command;

    /// <summary>Answer an operator's request.</summary>
    public sealed record Reply(long RequestId, OperatorReply Answer) : Command;

    /// <summary>Write an event to the journal and to the event log.</summary>
    public sealed record Report(HaEvent Event) : Command;

    /// <summary>End the daemon now.</summary>
    /// <param name="Reason">One sentence.</param>
    public sealed record Exit(string Reason) : Command;
}

/// <summary>What an <see cref="Command.Act"/> does. Closed set; each is idempotent.</summary>
public abstract record HaAction
{
    /// <summary>Code of a <see cref="FencePeer"/> that only read: the peer is on.</summary>
    public const string IsOn = "IS_ON";

    private HaAction()
    {
    }

    /// <summary>Destroy a domain through the hypervisor directly.</summary>
    public sealed record DestroyDomain(int Domid, Guid Vm) : HaAction;

    /// <summary>
    /// SIGKILL to disk back-ends of dom0, and wait until they are gone. Success is the proof that their outstanding I/O is
    /// done: the kernel lets a process go only then.
    /// </summary>
    public sealed record EndBackends(ImmutableArray<BackendFact> Backends) : HaAction;

    /// <summary>Stop the toolstack at once (SIGKILL to the unit, then stop), so that it cannot act.</summary>
    public sealed record KillToolstack : HaAction;

    /// <summary>Start the toolstack.</summary>
    public sealed record StartToolstack : HaAction;

    /// <summary>Stop the toolstack at once and start it again.</summary>
    public sealed record RestartToolstack : HaAction;

    /// <summary>Write <c>slave:ADDRESS</c> into the role file.</summary>
    public sealed record WriteRoleSlave(string MasterAddress) : HaAction;

    /// <summary>Write <c>master</c> into the role file; only while the toolstack is stopped.</summary>
    public sealed record WriteRoleMaster : HaAction;

    /// <summary>pool.designate_new_master, on the master: it hands the role over in order.</summary>
    public sealed record DesignateMaster(Guid Host) : HaAction;

    /// <summary>pool.emergency_transition_to_master; success means "role file written", not "is master".</summary>
    public sealed record PromoteToMaster : HaAction;

    /// <summary>Reject TCP from this host to the peer's toolstack port, or end that.</summary>
    public sealed record BlockPeerToolstack(bool Block) : HaAction;

    /// <summary>VM.power_state_reset.</summary>
    public sealed record ResetPowerState(Guid Vm) : HaAction;

    /// <summary>Release the storage locks of a host on all its storage repositories.</summary>
    public sealed record ReleaseStorageLocks(Guid Host, bool WasMaster) : HaAction;

    /// <summary>PBD.plug, of this host or by forwarding of the other one.</summary>
    public sealed record PlugStorage(Guid Pbd) : HaAction;

    /// <summary>VM.start_on.</summary>
    public sealed record StartVm(Guid Vm, Guid Host) : HaAction;

    /// <summary>Marks a VM in XAPI's own fields.</summary>
    /// <param name="Vm">The VM.</param>
    /// <param name="Priority">For VM.set_ha_restart_priority: restart, best-effort or empty.</param>
    /// <param name="Mark">For HA-Lizard's custom field; null to leave it as it is.</param>
    public sealed record MarkVm(Guid Vm, string Priority, bool? Mark) : HaAction;

    /// <summary>VM.pool_migrate, live.</summary>
    public sealed record MoveVm(Guid Vm, Guid Host) : HaAction;

    /// <summary>host.enable or host.disable of this host: whether VMs may start on it.</summary>
    public sealed record SwitchHost(bool Enabled) : HaAction;

    /// <summary>pool.recover_slaves.</summary>
    public sealed record RecoverSlaves : HaAction;

    /// <summary>pool.sync_database.</summary>
    public sealed record SyncDatabase : HaAction;

    /// <summary>Reset this host at once, without any orderly shutdown.</summary>
    public sealed record ResetHost(string Reason) : HaAction;

    /// <summary>Power this host off at once.</summary>
    public sealed record PowerOffHost(string Reason) : HaAction;

    /// <summary>Ask the fence agent to switch the peer off and to confirm it (T3).</summary>
    /// <param name="OnlyRead">Switch nothing: only confirm that it is off, where it is.</param>
    public sealed record FencePeer(bool OnlyRead = false) : HaAction;

    /// <summary>Read registrations and reservations of all LUNs; they come as <see cref="Observation.ReservationsRead"/>. Changes nothing.</summary>
    public sealed record ReadReservations : HaAction;

    /// <summary>Register this host's key, by every path, and reserve where nothing is reserved; then read all LUNs.</summary>
    /// <param name="Luns">Indexes in <see cref="Config.StorageConfig.ReservedLuns"/>; no other LUN is touched.</param>
    public sealed record RegisterKeys(ImmutableArray<int> Luns) : HaAction;

    /// <summary>
    /// PREEMPT AND ABORT of the peer's key, LUN by LUN in their order: the next one only after the one before was read back as won. Then
    /// read all LUNs. Registers nothing: without an own key the target refuses.
    /// </summary>
    public sealed record PreemptPeer : HaAction;

    /// <summary>Ask the arbiter for its lease (R3, T4).</summary>
    public sealed record AcquireLease : HaAction;

    /// <summary>
    /// Give the arbiter's lease back. Every right by it has ended, and is recorded as ended, before. A lost answer is harmless: the lease
    /// runs out. Carried out late, it must not touch a lease that was taken after it.
    /// </summary>
    public sealed record ReleaseLease : HaAction;
}
