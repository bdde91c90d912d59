using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TwoNodeHa.Core.Config;

/// <summary>Fingerprint of the values that both hosts must agree on before HA arms.</summary>
public static class ConfigFingerprint
{
    /// <summary>First eight bytes of SHA-256 over the shared values, in a fixed order and format.</summary>
    public static ulong Of(HaConfig config)
    {
        var text = new StringBuilder();
        foreach (var host in config.Hosts)
        {
            text.Append(host.Name).Append('|').Append(host.Uuid).Append('|').Append(host.Address).Append('\n');
        }

        foreach (var link in config.Links)
        {
            text.Append(link.Name).Append('|').Append(link.First).Append('|').Append(link.Second).Append('\n');
        }

        foreach (var link in config.DiskLinks)
        {
            text.Append(link.Name).Append("|disk|").Append(link.Path).Append('\n');
        }

        var timing = config.Timing;
        var policy = config.Policy;
        text.Append(CultureInfo.InvariantCulture, $"{config.Gateway.Timeout.Ticks}|{config.Gateway.YieldAfter.Ticks}|{timing.HeartbeatInterval.Ticks}|");
        text.Append(CultureInfo.InvariantCulture, $"{timing.Lease.Ticks}|{timing.KillBound.Ticks}|{timing.FixedWatchdog.Ticks}|");
        text.Append(CultureInfo.InvariantCulture, $"{timing.ClockDriftPpm}|{timing.TakeoverDelay.Ticks}|");
        text.Append(CultureInfo.InvariantCulture, $"{policy.OnGatewayLoss}|{policy.OnHostShutdown}|{policy.OnAmbiguous}|{policy.LoneStart}|{policy.Protect}");
        if (!config.Storage.Probes.IsEmpty)
        {
            // Not the paths: each host reads its own way to the storage.
            var storage = config.Storage;
            text.Append(CultureInfo.InvariantCulture, $"\n{storage.Probes.Length}|{storage.ProbeInterval.Ticks}|");
            text.Append(CultureInfo.InvariantCulture, $"{storage.ProbeTimeout.Ticks}|{storage.OnLoss}");
        }

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}
