using System.Collections.Immutable;
using System.Globalization;

namespace TwoNodeHa.Ctl.Fleet;

/// <summary>A pool of the list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Targets">What ssh is given for its hosts, in the order in which they are asked.</param>
internal sealed record FleetPool(string Name, ImmutableArray<string> Targets);

/// <summary>The list of pools: <c>NAME TARGET [TARGET]</c> a line, <c>#</c> for comments.</summary>
internal static class FleetFile
{
    /// <summary>More than that is no list of pools of two hosts.</summary>
    public const int PoolsMax = 2000;

    /// <summary>Reads the list; a line that is wrong costs itself.</summary>
    /// <param name="text">The file.</param>
    /// <param name="troubles">What is wrong, with the line.</param>
    public static ImmutableArray<FleetPool> Read(string text, out ImmutableArray<string> troubles)
    {
        var pools = ImmutableArray.CreateBuilder<FleetPool>();
        var wrong = ImmutableArray.CreateBuilder<string>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, line) in text.Split('\n').Index())
        {
            var words = line.Split('#')[0].Split([' ', '\t', ',', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
            {
                continue;
            }

            var trouble = words.Length == 1 ? "a name alone: write NAME TARGET [TARGET], for example  site-7 root@192.0.2.11 root@192.0.2.12"
                : words.Length > 3 ? "more than two hosts: a pool has two"
                : words.Skip(1).FirstOrDefault(word => word.StartsWith('-')) is { } option ? $"{option} is no host"
                : !names.Add(words[0]) ? $"{words[0]} is written twice"
                : pools.Count == PoolsMax ? $"more than {PoolsMax} pools" : null;
            if (trouble is null)
            {
                pools.Add(new FleetPool(words[0], [.. words[1..]]));
            }
            else
            {
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"line {index + 1}: {trouble}"));
            }
        }

        troubles = wrong.ToImmutable();
        return pools.ToImmutable();
    }
}
