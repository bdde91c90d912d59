using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>Decides in Maintenance: under a promise, until readmitted or told that the peer is dead.</summary>
internal static class Maintenance
{
    public static void Decide(Draft turn)
    {
        if (!turn.Durable.PromiseStands && !turn.Disk.Confirmed.PromiseStands)
        {
            Attestation.Renew(turn);
            turn.Become(Cause.Readmitted, "readmitted");
        }
        else if (TakeoverPermit.Of(turn.View) is { Granted: true } permit)
        {
            Takeover.Begin(turn, permit.Rule);
        }
    }
}
