using System.Collections.Immutable;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Ctl.Tests;

/// <summary>A status with every field set, and one of a host in trouble.</summary>
internal static class SampleStatus
{
    public static StatusReport Good { get; } = new()
    {
        Host = "alpha",
        PeerHost = "beta",
        State = "Paired",
        StateAgeSeconds = 11_530,
        Why = "both hosts hear each other and are bound",
        Enabled = true,
        Switch = "enabled",
        SwitchConfirmed = true,
        SafetyClass = "C",
        SafetySentence = "one link and gateway pings.",
        Protected = true,
        Epoch = 7,
        Incarnation = 12,
        Role = "master",
        Toolstack = "ready",
        Rights = ["R1 for 4.6 s", "R2 for 4.8 s"],
        TakeoverRefusals = ["the peer is heard"],
        Watchdog = "Xen, armed for 8 s",
        Gateway = "Healthy",
        GatewayAgeSeconds = 0.25,
        Links = [new LinkStatus("mgmt", "192.0.2.11:7757 - 192.0.2.12:7757", 0.4), new LinkStatus("crossover", "198.51.100.11:7757 - 198.51.100.12:7757", null)],
        Peer = new PeerStatus
        {
            State = "Paired",
            HeardAgeSeconds = 0.4,
            FreshAgeSeconds = 0.4,
            AckedAgeSeconds = 0.9,
            Bound = true,
            GatewayFresh = true,
            Fit = true,
            Role = "slave",
            Epoch = 7,
            RunningCount = 1,
            ConfigAgrees = true,
        },
        Vms =
        [
            new VmStatus(new Guid("aaaaaaaa-0000-4000-8000-000000000001"), "web", true, true, "alpha"),
            new VmStatus(new Guid("aaaaaaaa-0000-4000-8000-000000000002"), "database", true, true, "beta"),
            new VmStatus(new Guid("aaaaaaaa-0000-4000-8000-000000000003"), "scratch", false, false, ""),
        ],
        Outlooks =
        [
            new FailureOutlook("alpha", "beta") { Covered = true, Starts = ["web"], FirstSeconds = 62, LastSeconds = 62, FreeBytes = 8L << 30 },
            new FailureOutlook("beta", "alpha")
            {
                Covered = true, Starts = ["database"], FirstSeconds = 12, LastSeconds = 12, FreeBytes = 8L << 30,
                Missing = [new OutlookMiss("stats", "needs 16.0 GiB, 7.0 GiB free", BestEffort: true)],
            },
        ],
        Counters = ImmutableSortedDictionary<string, long>.Empty.Add("stale", 2).Add("wrong key", 1),
        RealTime = "memory locked, loop SCHED_RR 11",
        LoopLateness = new LoopLateness { Turns = 7200, P50Ms = 0.7, P99Ms = 1.2, P999Ms = 4, MaxMs = 31.5, LimitMs = 250, Buckets = [new LatenessBucket(0.8, 7200)] },
    };

    /// <summary>A pool of 200 VMs that is nearly full.</summary>
    public static StatusReport Large { get; } = Good with
    {
        Host = "xcp-rack2-left", PeerHost = "xcp-rack2-right", Protected = false,
        Findings =
        [
            "3 protected VMs run nowhere: vm-033, vm-133, vm-166",
            "if xcp-rack2-right fails, 9 protected VMs do not come back: vm-101, vm-103, …",
            "if xcp-rack2-left fails, 3 protected VMs do not come back: vm-002, vm-004, vm-006",
        ],
        Warnings = ["the loop was late by up to 900 ms"],
        Peer = Good.Peer! with { RunningCount = 98 },
        Vms =
        [
            .. Enumerable.Range(0, 200).Select(index => new VmStatus(new Guid(index, 0, 0, new byte[8]), $"vm-{index:000}", index % 5 != 0, true,
                index is 33 or 133 or 166 ? "" : index < 100 ? "xcp-rack2-left" : "xcp-rack2-right")),
        ],
        Outlooks =
        [
            new FailureOutlook("xcp-rack2-left", "xcp-rack2-right")
            {
                Covered = false, Starts = [.. Enumerable.Range(0, 76).Select(index => $"vm-{index:000}")], FirstSeconds = 62, LastSeconds = 340, FreeBytes = 8L << 30,
                Missing = [.. new[] { 2, 4, 6 }.Select(index => new OutlookMiss($"vm-{index:000}", "needs 16.0 GiB, 7.0 GiB free", false))],
            },
            new FailureOutlook("xcp-rack2-right", "xcp-rack2-left")
            {
                Covered = false, Starts = [.. Enumerable.Range(100, 71).Select(index => $"vm-{index:000}")], FirstSeconds = 12, LastSeconds = 290, FreeBytes = 8L << 30,
                Missing = [.. Enumerable.Range(0, 9).Select(index => new OutlookMiss($"vm-{101 + (index * 2)}", index % 2 == 0 ? "needs 8.0 GiB, 1.2 GiB free" : "its network lab-7 is not on xcp-rack2-left", false))],
            },
        ],
    };

    public static StatusReport Troubled { get; } = Good with
    {
        State = "Suspecting",
        StateAgeSeconds = 3.2,
        Why = "beta is silent, the gateway answers",
        Switch = "disabled",
        Enabled = false,
        DisabledReason = "switch work",
        ReenableAtUnixMs = 1_790_000_000_000,
        Protected = false,
        Findings = ["beta is silent", "the key is old"],
        Warnings = ["the loop was late by up to 900 ms"],
        Rights = [],
        TakeoverInSeconds = 6.8,
        TakeoverStep = "waiting for the role",
        Peer = null,
        Vms = [],
        Outlooks = [],
        Counters = ImmutableSortedDictionary<string, long>.Empty,
    };
}
