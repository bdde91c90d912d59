using System.Collections.Immutable;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Situation;

/// <content>The peer, and the words that bind either host.</content>
public readonly partial struct View
{
    /// <summary>A heartbeat proved a round trip within the lease.</summary>
    public bool PeerFresh => State.Peer.LastFresh is { } fresh && Now - fresh <= Config.Timing.Lease;

    /// <summary>Something was heard of the peer within the lease, round trip or not.</summary>
    public bool PeerHeard => State.Peer.LastHeard is { } heard && Now - heard <= Config.Timing.Lease;

    /// <summary>The pair is whole: this master may have a VM started on the peer.</summary>
    public bool PeerTakesStarts => State is { Status: HaStatus.Paired, Peer.Beat.Status: HaStatus.Paired } && PeerFresh;

    /// <summary>The newest heartbeat answers one of ours that was sent within the attest window: "near", by our clock.</summary>
    public bool PeerNear => State.Peer.Beat is { AckSentAt: { } acked } beat
        && beat.AckIncarnation == State.Life.Incarnation
        && Now - acked <= Config.Timing.AttestWindow;

    /// <summary>The peer is heard and says that nothing of it is protected by a running right: it attested.</summary>
    public bool PeerAttested => State.Peer.Beat is { Attestation: not 0 };

    /// <summary>The peer's newest heartbeat lists the VM, and is not older than the lease: a silent peer's word says nothing.</summary>
    public bool RunsOnPeer(Guid vm) => State.Peer.Beat is { } beat && PeerHeard && beat.Running.BinarySearch(VmShortId.Of(vm)) >= 0;

    /// <summary>The peer is heard now, and its heartbeat names everything that runs there.</summary>
    public bool PeerListsAll => PeerFresh && State.Peer.Beat is { RunningCount: >= 0 } beat && !beat.Has(Protocol.HeartbeatFlags.RunningTruncated);

    /// <summary>The peer runs nothing and waits to be admitted, by its heartbeat.</summary>
    public static bool IsEmpty(Heartbeat beat) => beat.Status is HaStatus.Joining or HaStatus.Fenced && beat.RunningCount == 0;

    /// <summary>The peer's newest word is from before its toolstack could follow a mastership that is handed over.</summary>
    public bool PeerCanFollow => State.Peer.Beat is { Status: HaStatus.Paired } beat && PeerFresh
        && beat.Has(HeartbeatFlags.Fit | HeartbeatFlags.ToolstackHealthy);

    /// <summary>VMs that stop on this host now are stopped for the host's sake; of a silent peer, that may be so.</summary>
    public bool StopsFor(Guid host) => host != Guid.Empty
        && (host == Config.Self.Uuid ? State.Procedures.Departure is not null
            : host == Config.Peer.Uuid && (!PeerFresh || State.Peer.Beat!.Has(HeartbeatFlags.Departing)));

    /// <summary>The peer's promise is on this host's disk, and was not taken back by a newer word.</summary>
    public bool PromiseOfPeerHolds => Confirmed.PeerPromise != 0 && Durable.PeerPromise == Confirmed.PeerPromise;

    /// <summary>A commitment or a promise stands.</summary>
    public bool BoundByWord => State.Durable.Committed || State.Durable.PromiseStands;

    /// <summary>The attestation that the peer may be told: durable, standing, and true by a list of the hypervisor that is new, and newer than the word.</summary>
    public long SpokenAttestation => Confirmed.Committed && Durable.Committed && !MayWrite && !ListOlderThan(Deadlines.WordListAge)
        && Confirmed.Attestation == Durable.Attestation && State.Host.DomainsAskedAt >= State.Procedures.AttestedBy
        && Status is HaStatus.Joining or HaStatus.Fenced
            ? Confirmed.Attestation
            : 0;

    /// <summary>The own attestation no longer binds: none stands, the peer declined it, or the peer consumed it.</summary>
    public bool FreeOfWord
    {
        get
        {
            if (!Durable.Committed)
            {
                return true;
            }

            return State.Peer.Beat is { } beat
                && (beat.Declined >= Durable.Attestation || (beat is { Status: HaStatus.Sole, Attestation: 0 } && KnowsWord(beat)));
        }
    }

    /// <summary>A heartbeat from before the word used nothing up. A peer of wire version 1 does not say what it knows.</summary>
    private bool KnowsWord(Protocol.Heartbeat beat) => beat.Mirror is not { } mirror || mirror.Attestation >= Durable.Attestation;

    /// <summary>The generation with which the disablement began that stands here; 0 when HA is enabled.</summary>
    public long DisabledFrom => Durable switch
    {
        { Enabled: true } => 0,
        { DisabledFrom: not 0 } => Durable.DisabledFrom,
        _ => Durable.SwitchGeneration,
    };

    /// <summary>
    /// HA is off, and both know it (S4). A peer that is heard one way does not know that its disablement was heard: it is as bound as before, and the
    /// master that it was.
    /// </summary>
    public bool OffForBoth => DisabledForBoth && (PromiseOfPeerHolds
        || State.Peer.Beat is { Mirror: { Enabled: false } mirror } && mirror.SwitchGeneration >= DisabledFrom);

    /// <summary>HA is off, and the other side cannot take over: it acknowledged, or it is under a promise.</summary>
    public bool DisabledForBoth
    {
        get
        {
            // Enabled counts once it is durable, and the peer hears of it only then.
            if (Confirmed.Enabled || Durable.StateLost || (Durable.Enabled && Status != HaStatus.Disabled))
            {
                return false;
            }

            // What is not durable was never spoken: the peer answers for what is. Another end of the same disablement asks for no new answer.
            var generation = Confirmed.SwitchGeneration;
            var from = Confirmed.DisabledFrom != 0 ? Confirmed.DisabledFrom : generation;
            var acknowledged = Confirmed.PeerSwitchGeneration >= from && !Confirmed.PeerEnabled;
            return generation == 0 || acknowledged || PromiseOfPeerHolds;
        }
    }
}
