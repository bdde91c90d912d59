using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace TwoNodeHa.Core.Config;

/// <summary>What follows from persistent reservations on the storage (protocol.md, R3 and T4; ADR 30).</summary>
public static class ReservationRules
{
    /// <summary>Most LUNs.</summary>
    public const int LunsMax = 8;

    /// <summary>
    /// How long a reading counts for a host that took over and whose peer has no key any more: longer than the paths or the
    /// controller of an array need to fail over, or the only host that runs anything would fence.
    /// </summary>
    public static readonly TimeSpan SoleReadingCounts = TimeSpan.FromSeconds(60);

    /// <summary>Between two readings while the peer is heard.</summary>
    public static readonly TimeSpan QuietInterval = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ReadingCountsMin = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a reading that shows the own key counts as a right, from when it was asked for. The taker waits it out besides one
    /// fence, so it is half of K; two seconds where K allows, for a LUN that is slow to answer.
    /// </summary>
    public static TimeSpan ReadingCounts(TimingConfig timing)
    {
        var half = timing.FenceBound / 2;
        var longer = half >= ReadingCountsMin ? half : ReadingCountsMin;
        return longer <= timing.FenceBound ? longer : timing.FenceBound;
    }

    /// <summary>Between two readings while the peer is silent, and the bound of one: two may fail before the right ends.</summary>
    public static TimeSpan ReadingInterval(TimingConfig timing) => ReadingCounts(timing) / 3;

    /// <summary>
    /// The reservation key of a host: "TN", and six bytes of a hash of the pair and of the host. It is the same after a boot, because a
    /// boot does not end a registration: that the key is still there says that nobody took over meanwhile.
    /// </summary>
    /// <param name="config">The configuration of the pair.</param>
    /// <param name="host">0 or 1.</param>
    public static ulong KeyOf(HaConfig config, int host)
    {
        var text = $"twonodeha|{config.Hosts[0].Uuid}|{config.Hosts[1].Uuid}|{config.Hosts[host].Uuid}";
        return 0x544E_0000_0000_0000 | (BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text))) >> 16);
    }
}
