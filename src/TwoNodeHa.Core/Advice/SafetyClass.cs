using System.Globalization;
using System.Net;
using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Advice;

/// <summary>What a configuration can promise, said honestly (docs/safety.md).</summary>
/// <param name="Letter"><c>A</c>, <c>B</c> or <c>C</c>.</param>
/// <param name="Sentence">One sentence: what it stands on, and what breaks it.</param>
/// <param name="StepUp">The cheapest step to more safety; empty when there is none.</param>
/// <param name="HasReservation">Something else (no watchdog, an unsafe choice) makes it worse than the letter
/// says.</param>
public sealed record SafetyVerdict(string Letter, string Sentence, string StepUp, bool HasReservation);

/// <summary>Evaluates the safety class of a configuration.</summary>
public static class SafetyClass
{
    /// <summary>Class of a configuration; A with a third party, else B or C.</summary>
    /// <param name="config">A validated configuration.</param>
    /// <param name="watchdogMissing">The configured watchdog was found not to be there.</param>
    public static SafetyVerdict Of(HaConfig config, bool watchdogMissing = false)
    {
        var independent = HasIndependentLinks(config);
        var reservations = Reservations(config, watchdogMissing);
        if (config.Policy.HasThirdParty)
        {
            return new SafetyVerdict("A", SentenceOfA(config) + reservations + ".", StepUp(config, independent: true, watchdogMissing), reservations.Length > 0);
        }

        var sentence = (independent ? SentenceOfB(config) : SentenceOfC(config)) + reservations + ".";
        return new SafetyVerdict(
            independent ? "B" : "C", sentence, StepUp(config, independent, watchdogMissing), reservations.Length > 0);
    }

    /// <summary>
    /// Two links are independent when they share no subnet on either host. The configuration has no prefix lengths:
    /// /24 and /64 are assumed, which errs on the side of "shared" only for larger subnets.
    /// </summary>
    public static bool AreIndependent(LinkConfig left, LinkConfig right) =>
        !ShareSubnet(left.First.Address, right.First.Address)
        && !ShareSubnet(left.Second.Address, right.Second.Address);

    /// <summary>
    /// There is at least one pair of independent links. A disk link counts beside any UDP link: the configuration does
    /// not say over which network the storage is reached, so the verdict's sentence says what that rests on.
    /// </summary>
    public static bool HasIndependentLinks(HaConfig config)
    {
        if (!config.DiskLinks.IsEmpty && !config.Links.IsEmpty)
        {
            return true;
        }

        return HasIndependentNetworks(config);
    }

    private static bool HasIndependentNetworks(HaConfig config)
    {
        for (var later = 1; later < config.Links.Length; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                if (AreIndependent(config.Links[earlier], config.Links[later]))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool ShareSubnet(IPAddress left, IPAddress right)
    {
        var leftBytes = left.GetAddressBytes();
        var rightBytes = right.GetAddressBytes();
        var prefix = leftBytes.Length == 4 ? 3 : 8;
        return leftBytes.Length == rightBytes.Length
            && leftBytes.AsSpan(0, prefix).SequenceEqual(rightBytes.AsSpan(0, prefix));
    }

    private static string SentenceOfA(HaConfig config)
    {
        if (!config.Policy.UsesArbiter)
        {
            return "fence agents: after silence nothing is taken over before an agent has read back that the peer is off, so no fault of the network lets a VM run twice; "
                + "a board that lost its power with its host confirms nothing, and then a person must";
        }

        if (config.Policy.UsesReservation)
        {
            return $"reservations on the storage{(config.Policy.UsesFenceAgent ? " and fence agents" : "")}: who takes over has the storage refuse the other host's writes first, so no fault of the "
                + "network lets a VM run twice; while the storage does not answer a healthy pair goes on, and a host that is alone fences itself after a minute";
        }

        return $"an arbiter{(config.Policy.UsesFenceAgent ? " and fence agents" : "")}: only the holder of its lease takes over, so no fault of the network lets a VM run twice; "
            + "while the arbiter is away a healthy pair goes on, and a host that is alone fences itself";
    }

    private static string SentenceOfC(HaConfig config)
    {
        var stands = config.Links.Length == 1
            ? "one link and gateway pings"
            : "several links in one network, which fail together, and gateway pings";
        return $"{stands}: if both hosts see the gateway but cannot hear each other for {Seconds(config)} s, "
            + "no rule can be both safe and available, and a VM may run twice";
    }

    private static string SentenceOfB(HaConfig config) => HasIndependentNetworks(config) ? SentenceOfNetworks(config)
        : (config.Links.Length == 1 ? "one link" : "links in one network")
            + $" and a slot on shared storage: a VM may run twice only if both fail for {Seconds(config)} s while both hosts still see the gateway; that is a second path only where the storage "
            + "is not reached over the network of the links";

    private static string SentenceOfNetworks(HaConfig config) => string.Create(
        CultureInfo.InvariantCulture,
        $"{config.LinkCount} links, at least two of them in different networks: a VM may run twice only if all of "
        + $"them fail for {Seconds(config)} s while both hosts still see the gateway");

    private static string Reservations(HaConfig config, bool watchdogMissing)
    {
        var text = "";
        if (config.Watchdog.Kind == WatchdogKind.None || watchdogMissing)
        {
            text += "; without a watchdog a host that hangs is not reset, so that one fault can be enough for it";
        }

        if (config.Policy.OnAmbiguous == OnAmbiguous.Takeover)
        {
            text += "; on_ambiguous = takeover takes over even from a peer that still answers";
        }

        return text;
    }

    private static string StepUp(HaConfig config, bool independent, bool watchdogMissing)
    {
        if (config.Watchdog.Kind == WatchdogKind.None || watchdogMissing)
        {
            return "Set [watchdog] device to a watchdog of this hardware or of the hypervisor.";
        }

        if (config.Policy.OnAmbiguous == OnAmbiguous.Takeover)
        {
            return "Write on_ambiguous = hold.";
        }

        return independent ? "" : "A second link in another network, a crossover cable is enough, makes it class B.";
    }

    private static string Seconds(HaConfig config) => TimingRules.Text(config.Timing.TakeoverDelay);
}
