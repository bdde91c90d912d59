using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.States;

/// <summary>A transition that is possible, with the reason for it.</summary>
/// <param name="From">Old state.</param>
/// <param name="To">New state.</param>
/// <param name="When">In which case.</param>
public sealed record Transition(HaStatus From, HaStatus To, string When);

/// <summary>The table of states. The gate, the diagram in docs/states.md and the tests come from it.</summary>
public static class Transitions
{
    /// <summary>All transitions, grouped by the old state.</summary>
    public static readonly ImmutableArray<Transition> Table =
    [
        new(HaStatus.Unknown, HaStatus.Disabled, "start: HA is disabled"),
        new(HaStatus.Unknown, HaStatus.Joining, "start: nothing runs here"),
        new(HaStatus.Unknown, HaStatus.Suspecting, "start: VMs run here (the daemon was restarted)"),
        new(HaStatus.Unknown, HaStatus.Fencing, "start: a fence was pending, or no right to run is left"),
        new(HaStatus.Unknown, HaStatus.TakingOver, "start: a takeover is continued from its journal"),
        new(HaStatus.Unknown, HaStatus.Maintenance, "start: a promise stands"),
        new(HaStatus.Disabled, HaStatus.Suspecting, "HA was enabled, VMs run here"),
        new(HaStatus.Disabled, HaStatus.Joining, "HA was enabled, nothing runs here"),
        new(HaStatus.Disabled, HaStatus.Maintenance, "HA was enabled while a promise stands"),
        new(HaStatus.Joining, HaStatus.Paired, "admitted by the peer, toolstack ready"),
        new(HaStatus.Joining, HaStatus.TakingOver, "leave to take over"),
        new(HaStatus.Joining, HaStatus.Fencing, "a domain appeared without a right to run"),
        new(HaStatus.Joining, HaStatus.Disabled, "HA was disabled"),
        new(HaStatus.Joining, HaStatus.Maintenance, "promise given"),
        new(HaStatus.Fenced, HaStatus.Paired, "admitted by the peer, toolstack ready"),
        new(HaStatus.Fenced, HaStatus.TakingOver, "leave to take over"),
        new(HaStatus.Fenced, HaStatus.Fencing, "a domain appeared without a right to run"),
        new(HaStatus.Fenced, HaStatus.Disabled, "HA was disabled"),
        new(HaStatus.Fenced, HaStatus.Maintenance, "promise given"),
        new(HaStatus.Paired, HaStatus.Suspecting, "the peer is silent, the gateway is in sight"),
        new(HaStatus.Paired, HaStatus.Isolated, "neither peer nor gateway"),
        new(HaStatus.Paired, HaStatus.Fencing, "yield, no right to run, conflict or operator"),
        new(HaStatus.Paired, HaStatus.TakingOver, "the peer attested that nothing runs on it"),
        new(HaStatus.Paired, HaStatus.Disabled, "HA was disabled"),
        new(HaStatus.Paired, HaStatus.Maintenance, "promise given"),
        new(HaStatus.Suspecting, HaStatus.Paired, "the peer is heard again"),
        new(HaStatus.Suspecting, HaStatus.Isolated, "the gateway is lost too"),
        new(HaStatus.Suspecting, HaStatus.Holding, "takeover due, but the peer may be alive"),
        new(HaStatus.Suspecting, HaStatus.TakingOver, "leave to take over"),
        new(HaStatus.Suspecting, HaStatus.Fencing, "no right to run, conflict or operator"),
        new(HaStatus.Suspecting, HaStatus.Disabled, "HA was disabled"),
        new(HaStatus.Holding, HaStatus.Suspecting, "what held the takeover back is gone"),
        new(HaStatus.Holding, HaStatus.Paired, "the peer is heard again"),
        new(HaStatus.Holding, HaStatus.Isolated, "the gateway is lost too"),
        new(HaStatus.Holding, HaStatus.TakingOver, "leave to take over"),
        new(HaStatus.Holding, HaStatus.Fencing, "no right to run, conflict or operator"),
        new(HaStatus.Holding, HaStatus.Disabled, "HA was disabled"),
        new(HaStatus.Isolated, HaStatus.Suspecting, "the gateway is back"),
        new(HaStatus.Isolated, HaStatus.Paired, "the peer is heard again"),
        new(HaStatus.Isolated, HaStatus.Fencing, "the right to run ended"),
        new(HaStatus.Isolated, HaStatus.Disabled, "HA was disabled"),
        new(HaStatus.Isolated, HaStatus.TakingOver, "the peer attested that nothing runs on it"),
        new(HaStatus.TakingOver, HaStatus.Sole, "finished"),
        new(HaStatus.TakingOver, HaStatus.Fencing, "the right to run ended, conflict or operator"),
        new(HaStatus.TakingOver, HaStatus.Suspecting, "abandoned: the leave no longer holds"),
        new(HaStatus.TakingOver, HaStatus.Joining, "abandoned before anything ran here"),
        new(HaStatus.TakingOver, HaStatus.Disabled, "HA was disabled"),
        new(HaStatus.Sole, HaStatus.Paired, "the peer is back and admitted"),
        new(HaStatus.Sole, HaStatus.TakingOver, "the peer attested again, and something is missing here"),
        new(HaStatus.Sole, HaStatus.Fencing, "the right to run ended, conflict or operator"),
        new(HaStatus.Sole, HaStatus.Disabled, "HA was disabled"),
        new(HaStatus.Paired, HaStatus.Departing, "the host shuts down"),
        new(HaStatus.Suspecting, HaStatus.Departing, "the host shuts down"),
        new(HaStatus.Holding, HaStatus.Departing, "the host shuts down"),
        new(HaStatus.Isolated, HaStatus.Departing, "the host shuts down"),
        new(HaStatus.Sole, HaStatus.Departing, "the host shuts down"),
        new(HaStatus.Departing, HaStatus.Fencing, "nothing runs any more, or the right to run ended"),
        new(HaStatus.Departing, HaStatus.Suspecting, "the host did not go down"),
        new(HaStatus.Departing, HaStatus.Disabled, "HA was disabled"),
        new(HaStatus.Fencing, HaStatus.Fenced, "verified: nothing runs here"),
        new(HaStatus.Maintenance, HaStatus.Joining, "readmitted"),
        new(HaStatus.Maintenance, HaStatus.Fencing, "a domain appeared under the promise"),
        new(HaStatus.Maintenance, HaStatus.Disabled, "HA was disabled"),
        new(HaStatus.Maintenance, HaStatus.TakingOver, "the operator said that the peer is dead"),
    ];

    private static readonly bool[,] Matrix = Build();

    /// <summary>True when the table has the transition.</summary>
    public static bool Allowed(HaStatus from, HaStatus to) => Matrix[(int)from, (int)to];

    private static bool[,] Build()
    {
        var matrix = new bool[16, 16];
        foreach (var row in Table)
        {
            matrix[(int)row.From, (int)row.To] = true;
        }

        return matrix;
    }
}
