using System.Collections.Immutable;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Daemon.Tests.Alerts;

internal static class AlertSamples
{
    /// <summary>A master in a pair, with names that only a careless writer prints as they are.</summary>
    public static StatusReport Status { get; } = new()
    {
        Host = "alpha", PeerHost = "be\"ta\\", State = "Paired", StateAgeSeconds = 12.5, Why = "both hear each other", Enabled = true,
        Switch = "enabled", SwitchConfirmed = true, SafetyClass = "B", SafetySentence = "two links.", Protected = true, Epoch = 7, Incarnation = 3,
        Role = "master", Toolstack = "ready", Rights = [], TakeoverRefusals = [], Watchdog = "armed", Gateway = "Healthy", GatewayAgeSeconds = 0.2,
        Links = [new LinkStatus("mgmt", "a - b", 0.4), new LinkStatus("cross\nover", "c - d", null)],
        Peer = new PeerStatus
        {
            State = "Paired", HeardAgeSeconds = 0.4, Bound = true, GatewayFresh = true, Fit = true, Role = "slave", Epoch = 7, RunningCount = 1, ConfigAgrees = true,
        },
        Vms = [new VmStatus(Guid.NewGuid(), "web", true, true, "alpha"), new VmStatus(Guid.NewGuid(), "db", true, true, "")],
        Outlooks = [new FailureOutlook("alpha", "beta") { Covered = true, Starts = ["web"], LastSeconds = 41 }],
        Counters = ImmutableSortedDictionary<string, long>.Empty.Add("link.mgmt.stale", 2),
    };
}
