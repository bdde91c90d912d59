using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>Whether the two hosts may count on each other.</summary>
public static class Pairing
{
    /// <summary>Why the two cannot be paired yet; null when they can.</summary>
    public static string? WhyNot(View view, Heartbeat beat)
    {
        if (beat.ConfigFingerprint != view.Config.Fingerprint)
        {
            return "the configurations differ";
        }

        if (!beat.Has(HeartbeatFlags.Enabled) || beat.SwitchGeneration != view.Durable.SwitchGeneration)
        {
            return "the peer has not adopted that HA is enabled";
        }

        if (beat.Attestation != 0 || !View.IsMember(beat.Status))
        {
            return $"the peer is {beat.Status}";
        }

        if (!view.KnowsVms)
        {
            return "the VMs of the pool are not known yet: the toolstack's database was not read";
        }

        return view.WatchdogUsable ? null : "the watchdog cannot be counted on";
    }

    /// <summary>
    /// An empty host that waits may be admitted: its word no longer binds, its toolstack is up, and the peer is bound. One that was
    /// fenced under its promise waits for the end of its maintenance: as a member it would need a right that it has not.
    /// </summary>
    public static bool Admits(View view, Heartbeat beat)
    {
        var ends = beat.RunningCount > 0 || beat.Declined >= view.Durable.Attestation;
        return view.FreeOfWord && !view.Durable.PromiseStands && beat.Attestation == 0 && beat.Master == view.Durable.Master && ends && view.RoleIsSettled
            && WhyNot(view, beat) is null && !StorageYielding.KeepsOut(view);
    }
}
