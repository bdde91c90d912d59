using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>Decides in Maintenance: under a promise, until readmitted. An operator's word that the peer is dead ends it too (T5).</summary>
internal static class Maintenance
{
    public static void Decide(Draft turn)
    {
        if (!turn.Durable.PromiseStands && !turn.Disk.Confirmed.PromiseStands)
        {
            Attestation.Renew(turn);
            turn.Become(Cause.Readmitted, "readmitted");
        }
    }
}
