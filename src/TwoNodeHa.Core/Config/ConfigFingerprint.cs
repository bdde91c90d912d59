using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TwoNodeHa.Core.Config;

/// <summary>
/// Fingerprint of the values that both hosts must agree on before HA arms. The upper 40 bits are of all values together and
/// decide; each of the six groups below adds four bits, which name the groups that differ.
/// </summary>
public static class ConfigFingerprint
{
    private const int BitsPerGroup = 4;

    // The order is the order of the bits: a group is only ever added at the end, together with Protocol's version.
    private static readonly string[] s_groups = ["[host]", "[link]", "[gateway] and [timing]", "[watchdog] and kill_bound_seconds", "[policy], [fence] and [arbiter]", "[storage]"];

    /// <summary>The fingerprint of a validated configuration.</summary>
    public static ulong Of(HaConfig config)
    {
        string[] groups = [Hosts(config), Links(config), Timing(config), KillBound(config), Policy(config), Storage(config)];
        // What is computed from several groups belongs to the whole alone.
        var whole = string.Create(CultureInfo.InvariantCulture, $"{string.Join('\n', groups)}\n{config.Timing.TakeoverDelay.Ticks}");
        var hints = 0UL;
        for (var group = 0; group < groups.Length; group++)
        {
            hints |= (Hash(groups[group]) & 0xF) << (group * BitsPerGroup);
        }

        const int HintBits = BitsPerGroup * 6;
        return (Hash(whole) & ~((1UL << HintBits) - 1)) | hints;
    }

    /// <summary>
    /// Groups of keys in which two configurations differ. A group that differs is named with a probability of 15/16; the list
    /// may be empty although the fingerprints differ.
    /// </summary>
    public static ImmutableArray<string> Differing(ulong left, ulong right)
    {
        var differing = ImmutableArray.CreateBuilder<string>();
        for (var group = 0; group < s_groups.Length; group++)
        {
            if ((((left ^ right) >> (group * BitsPerGroup)) & 0xF) != 0)
            {
                differing.Add(s_groups[group]);
            }
        }

        return differing.ToImmutable();
    }

    /// <summary>For a sentence: <c> in [policy]</c>; empty when the place cannot be told.</summary>
    public static string Where(ulong left, ulong right) =>
        Differing(left, right) is { IsEmpty: false } differing ? " in " + string.Join(", ", differing) : "";

    private static string Hosts(HaConfig config) => string.Concat(
        config.Hosts.Select(host => $"{host.Name}|{host.Uuid}|{host.Address}\n"));

    private static string Links(HaConfig config) => string.Concat(
        config.Links.Select(link => $"{link.Name}|{link.First}|{link.Second}\n")
            .Concat(config.DiskLinks.Select(link => $"{link.Name}|disk|{link.Path}\n")));

    private static string Timing(HaConfig config) => string.Create(
        CultureInfo.InvariantCulture,
        $"{config.Gateway.Timeout.Ticks}|{config.Timing.HeartbeatInterval.Ticks}|{config.Timing.Lease.Ticks}|{config.Timing.ClockDriftPpm}|{config.Gateway.YieldAfter.Ticks}");

    private static string KillBound(HaConfig config) => string.Create(
        CultureInfo.InvariantCulture, $"{config.Timing.KillBound.Ticks}|{config.Timing.FixedWatchdog.Ticks}");

    private static string Policy(HaConfig config) =>
        $"{config.Policy.OnGatewayLoss}|{config.Policy.OnHostShutdown}|{config.Policy.OnAmbiguous}|{config.Policy.LoneStart}|{config.Policy.Protect}"
        + (config.Policy.ShrinkMemory ? "" : "|no-shrink") + ThirdParty(config);

    // Empty without one, so that such a configuration has the fingerprint that it had before there were any. How each host
    // reaches the third party is its own: what is asked of whom is not.
    private static string ThirdParty(HaConfig config)
    {
        var text = config.Policy.UsesFenceAgent ? string.Create(CultureInfo.InvariantCulture, $"|fence|{config.Policy.FenceDelay.Ticks}") : "";
        return config.Arbiter is { } arbiter
            ? string.Create(CultureInfo.InvariantCulture, $"{text}|arbiter|{arbiter.Prefix}|{arbiter.LeaseTime.Ticks}") : text;
    }

    // Not the paths of the probes: each host reads its own way to the storage. The LUNs of reservations are the same ones in the same
    // order, or each host could win the one that it takes for the first.
    private static string Storage(HaConfig config) => (config.Storage.Probes.IsEmpty ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $"{config.Storage.Probes.Length}|{config.Storage.ProbeInterval.Ticks}|{config.Storage.ProbeTimeout.Ticks}|{config.Storage.OnLoss}"))
        + (config.Storage.ReservedLuns.IsEmpty ? "" : "|reserved|" + string.Join('|', config.Storage.ReservedLuns))
        + (config.Storage.DrbdResources.IsEmpty ? "" : "|drbd|" + string.Join('|', config.Storage.DrbdResources));

    private static ulong Hash(string text) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
