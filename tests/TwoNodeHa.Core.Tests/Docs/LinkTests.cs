using System.Text;
using System.Text.RegularExpressions;

namespace TwoNodeHa.Core.Tests.Docs;

/// <summary>Links between pages, and from pages to files, lead somewhere; tables fit a screen.</summary>
public sealed partial class LinkTests
{
    /// <summary>A code or cell that cannot be broken up wider than this pushes a table out of the page.</summary>
    private const int UnbreakableMax = 60;

    /// <summary>Lines of a page that are seen without scrolling.</summary>
    private const int FirstScreen = 25;

    [Fact]
    public void Links_of_pages_lead_to_a_file_and_to_a_heading_of_it()
    {
        var headings = RepositoryTexts.Pages.ToDictionary(page => page.Path, Anchors);
        var broken = new List<string>();
        foreach (var page in RepositoryTexts.Pages)
        {
            foreach (Match match in Link().Matches(WithoutCode(page.Content)))
            {
                var target = match.Groups["target"].Value;
                if (!target.Contains("://") && WhyBroken(page, target, headings) is { } why)
                {
                    broken.Add($"{page.At(match.Index)}: {why}");
                }
            }
        }

        Assert.True(broken.Count == 0, string.Join('\n', broken));
    }

    [Fact]
    public void Every_page_can_be_reached_from_the_index()
    {
        var reached = new HashSet<string> { "docs/README.md" };
        var open = new Queue<string>(reached);
        while (open.TryDequeue(out var path))
        {
            foreach (Match match in Link().Matches(WithoutCode(RepositoryTexts.Page(path))))
            {
                var target = Resolve(path, match.Groups["target"].Value.Split('#')[0]);
                if (target.EndsWith(".md", StringComparison.Ordinal) && RepositoryTexts.Exists(target) && reached.Add(target))
                {
                    open.Enqueue(target);
                }
            }
        }

        Assert.Empty(RepositoryTexts.Pages.Select(page => page.Path).Except(reached));
    }

    /// <summary>A page that is reached only through another one is not found by who needs it.</summary>
    [Fact]
    public void Index_links_every_page_and_the_first_screen_of_the_README_links_the_index()
    {
        var linked = Targets("docs/README.md", int.MaxValue);
        Assert.Empty(RepositoryTexts.Pages.Select(page => page.Path)
            .Where(path => path.StartsWith("docs/", StringComparison.Ordinal) && path != "docs/README.md").Except(linked));
        Assert.Contains("docs/README.md", Targets("README.md", FirstScreen));

        static IEnumerable<string> Targets(string path, int lines) =>
            Link().Matches(WithoutCode(string.Join('\n', RepositoryTexts.Page(path).Split('\n').Take(lines))))
                .Select(match => Resolve(path, match.Groups["target"].Value.Split('#')[0]));
    }

    [Fact]
    public void Words_in_tables_are_short_enough_for_a_screen() =>
        Assert.Empty(RepositoryTexts.Pages.SelectMany(page => page.Content.Split('\n').Select((line, index) => (line, index))
            .Where(at => at.line.StartsWith('|') && Unbreakable().Matches(LinkTarget().Replace(at.line, "")).Any(word => word.Length > UnbreakableMax))
            .Select(at => $"{page.Path}:{at.index + 1}")));

    private static string? WhyBroken(RepositoryText page, string target, Dictionary<string, HashSet<string>> headings)
    {
        var parts = target.Split('#', 2);
        var path = parts[0].Length == 0 ? page.Path : Resolve(page.Path, parts[0]);
        if (!RepositoryTexts.Exists(path))
        {
            return $"the link leads to {path}, which is not there";
        }

        return parts.Length == 1 || (headings.TryGetValue(path, out var known) && known.Contains(parts[1]))
            ? null : $"{path} has no heading with the anchor #{parts[1]}";
    }

    private static string Resolve(string from, string target)
    {
        var folder = Path.GetDirectoryName(from) ?? "";
        return Path.GetRelativePath(RepositoryTexts.Root, Path.GetFullPath(Path.Combine(RepositoryTexts.Root, folder, target))).Replace('\\', '/');
    }

    /// <summary>Anchors as GitHub and others make them: lower case, spaces to hyphens, other signs gone, repeated ones numbered.</summary>
    private static HashSet<string> Anchors(RepositoryText page)
    {
        var anchors = new HashSet<string>();
        foreach (Match match in Heading().Matches(Fence().Replace(page.Content, "")))
        {
            var anchor = new StringBuilder();
            foreach (var sign in LinkText().Replace(match.Groups["title"].Value, "${text}").Trim().ToLowerInvariant())
            {
                anchor.Append(sign == ' ' ? "-" : char.IsLetterOrDigit(sign) || sign is '-' or '_' ? sign.ToString() : "");
            }

            for (var copy = 0; !anchors.Add(copy == 0 ? anchor.ToString() : $"{anchor}-{copy}"); copy++)
            {
                // The next free number is taken.
            }
        }

        return anchors;
    }

    /// <summary>Code is no link. Places stay where they are.</summary>
    private static string WithoutCode(string text) => Code().Replace(text, match => Signs().Replace(match.Value, " "));

    [GeneratedRegex(@"\[[^\]\n]*\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^```.*?^```|`[^`\n]*`", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"[^\n]")]
    private static partial Regex Signs();

    [GeneratedRegex(@"\[(?<text>[^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();

    [GeneratedRegex(@"\]\([^)]*\)")]
    private static partial Regex LinkTarget();

    [GeneratedRegex(@"[^\s|]+")]
    private static partial Regex Unbreakable();
}
