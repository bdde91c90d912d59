using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>Who is master of which epoch, as two hosts that hear each other agree on it.</summary>
internal static class Mastership
{
    /// <summary>Adopts the peer's epoch and master where they rank higher.</summary>
    public static void FollowEpoch(Draft turn, Heartbeat beat)
    {
        if (turn.Procedures.DoubleSince is not null)
        {
            // Who adopts the peer's epoch gives up his own claim: first it is seen whether a VM moves or runs twice.
            return;
        }

        var durable = turn.Durable;
        if (durable.Master == Guid.Empty && beat.Master == Guid.Empty)
        {
            FirstMaster(turn, beat);
            return;
        }

        if (RanksHigher(durable, beat))
        {
            turn.Durable = durable with { Epoch = beat.Epoch, Master = beat.Master };
            turn.Report(HaEventId.PeerChanged, Severity.Notice,
                $"epoch {beat.Epoch}: master is {NameOf(turn, beat.Master)}");
        }

        if (turn.State.Status == HaStatus.Paired)
        {
            FollowHandover(turn, beat);
        }
    }

    /// <summary>A host with a right to run beats an empty one whatever the epochs, and raises its epoch above both.</summary>
    public static bool RunnerRaises(Draft turn, Heartbeat beat)
    {
        var durable = turn.Durable;
        if (!View.IsMember(turn.State.Status) || beat.Attestation == 0
            || beat.Epoch < durable.Epoch || beat.Master == durable.Master || beat.Master == Guid.Empty)
        {
            return false;
        }

        var master = turn.View.IsMaster ? turn.Config.Self.Uuid : durable.Master;
        turn.Durable = durable with { Epoch = beat.Epoch + 1, Master = master };
        turn.Report(HaEventId.PeerChanged, Severity.Notice,
            $"{turn.Config.Peer.Name} is empty and names another master: epoch raised to {beat.Epoch + 1}, master is {NameOf(turn, master)}");
        return true;
    }

    /// <summary>
    /// The mastership was moved here by XAPI (pool.designate_new_master), by an administrator or by a host that departed: the
    /// epoch follows. An empty peer that wants to be master all the same is demoted by XAPI at each start of its toolstack.
    /// </summary>
    public static void FollowHandover(Draft turn, Heartbeat beat)
    {
        if (!WasMovedHere(turn.View, beat))
        {
            if (turn.Procedures.RoleChangeSince is not null)
            {
                turn.Procedures = turn.Procedures with { RoleChangeSince = null };
            }

            return;
        }

        var since = turn.Procedures.RoleChangeSince ?? turn.Now;
        turn.Procedures = turn.Procedures with { RoleChangeSince = since };
        if (turn.Now - since >= Deadlines.RoleConfusion)
        {
            turn.Durable = turn.Durable with { Epoch = turn.Durable.Epoch + 1, Master = turn.Config.Self.Uuid };
            turn.Report(HaEventId.PeerChanged, Severity.Notice,
                $"the mastership was moved here by XAPI: epoch {turn.Durable.Epoch}");
        }
    }

    /// <summary>The order that makes this host's toolstack come up as a slave of the peer.</summary>
    public static HaAction SlaveOfPeer(Draft turn) => new HaAction.WriteRoleSlave(turn.Config.Peer.Address.ToString());

    public static string NameOf(Draft turn, Guid host) =>
        host == turn.Config.Self.Uuid ? turn.Config.Self.Name
        : host == turn.Config.Peer.Uuid ? turn.Config.Peer.Name : "unknown";

    private static bool RanksHigher(DurableState durable, Heartbeat beat)
    {
        // An attested host may be overtaken at any moment; one on which HA is disabled is not.
        var speaks = beat.Attestation == 0 && (View.IsMember(beat.Status) || beat.Status == HaStatus.Disabled);
        if (beat.Epoch != durable.Epoch)
        {
            // Nor is one whose attestation was declined here: a master of an older epoch steps down before that one comes up.
            return beat.Epoch > durable.Epoch && (speaks || (beat.Attestation <= durable.Declined && View.IsEmpty(beat)));
        }

        return beat.Master != durable.Master && beat.Master != Guid.Empty
            && (durable.Master == Guid.Empty || beat.Master.CompareTo(durable.Master) > 0 || (durable.Committed && speaks));
    }

    private static bool WasMovedHere(View view, Heartbeat beat) => view.IsMaster && view.ToolstackReady
        && (View.IsEmpty(beat) || (!beat.Has(HeartbeatFlags.IsMaster) && beat.Has(HeartbeatFlags.ToolstackHealthy)))
        && view.Durable.Master != view.Config.Self.Uuid && view.Durable.Master != Guid.Empty;

    private static void FirstMaster(Draft turn, Heartbeat beat)
    {
        // Under a word the rank of the two must not change.
        if (turn.View.IsMaster && !beat.Has(HeartbeatFlags.IsMaster) && !turn.Durable.Committed)
        {
            turn.Durable = turn.Durable with { Master = turn.Config.Self.Uuid };
        }
    }
}
