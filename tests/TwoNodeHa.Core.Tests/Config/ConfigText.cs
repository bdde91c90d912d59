using System.Runtime.CompilerServices;
using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

/// <summary>Configuration texts for tests. Line numbers of <see cref="Good"/> are part of the expectations.</summary>
internal static class ConfigText
{
    public const string Good =
        """
        profile = balanced
        [host alpha]
        uuid = 11111111-1111-4111-8111-111111111111
        address = 192.0.2.11
        [host beta]
        uuid = 22222222-2222-4222-8222-222222222222
        address = 192.0.2.12
        [link mgmt]
        alpha = 192.0.2.11
        beta = 192.0.2.12
        [gateway]
        addresses = 192.0.2.1, 192.0.2.2
        [timing]

        """;

    public const string FirstUuidOfASite = "a1a1a1a1-1111-4111-8111-111111111111";

    /// <summary>The good file with values that a site could have: what belongs to documentation is a finding of its own.</summary>
    public static string OfASite { get; } = Good.Replace("192.0.2.", "10.20.30.", StringComparison.Ordinal)
        .Replace("11111111-1111-4111-8111-111111111111", FirstUuidOfASite, StringComparison.Ordinal);

    public static ConfigResult Parse(string text) => ConfigParser.Parse("ha.conf", text);

    public static HaConfig GoodWith(string from, string to)
    {
        var result = Parse(Good.Replace(from, to, StringComparison.Ordinal));
        Assert.NotNull(result.Config);
        return result.Config;
    }

    public static HaConfig GoodPlus(string tail)
    {
        var result = Parse(Good + tail);
        Assert.True(result.Config is not null, string.Join('\n', result.Findings));
        return result.Config;
    }

    public static string RepositoryFile(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", name);
}
