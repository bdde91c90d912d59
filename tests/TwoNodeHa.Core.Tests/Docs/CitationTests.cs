using System.Text.RegularExpressions;

namespace TwoNodeHa.Core.Tests.Docs;

/// <summary>
/// Whatever a comment, an event or a page cites can be opened: sections, rules, records of decisions, files, scenarios, mutants.
/// Comments cite as in <c>xapi.md 4.3</c>, <c>protocol.md, R4</c>, <c>protocol.md, "Every right ends"</c> and <c>ADR 4</c>.
/// </summary>
public sealed partial class CitationTests
{
    private static readonly HashSet<string> Rules = [.. RuleDefinition().Matches(RepositoryTexts.Page("docs/protocol.md"))
        .Select(match => match.Groups["row"].Value + match.Groups["heading"].Value)];

    [Fact]
    public void Every_rule_that_is_promised_is_defined()
    {
        string[] wanted = [.. Numbered('S', 6), .. Numbered('L', 3), .. Numbered('A', 10), .. Numbered('R', 5), .. Numbered('T', 6)];
        Assert.Empty(wanted.Except(Rules));

        static IEnumerable<string> Numbered(char letter, int count) => Enumerable.Range(1, count).Select(number => $"{letter}{number}");
    }

    [Fact]
    public void Rules_that_are_named_anywhere_are_defined() =>
        NothingBroken(RepositoryTexts.All.SelectMany(text => RuleName().Matches(WithoutLinks(text))
            .Where(match => !Rules.Contains(match.Value))
            .Select(match => $"{text.At(match.Index)}: {match.Value} is not defined in docs/protocol.md")));

    [Fact]
    public void Sections_of_xapi_that_are_cited_exist()
    {
        var sections = XapiSection().Matches(RepositoryTexts.Page("docs/xapi.md")).Select(match => match.Groups["number"].Value).ToHashSet();
        var cited = RepositoryTexts.All.SelectMany(text => XapiCitation().Matches(text.Content)
            .SelectMany(match => match.Groups["number"].Captures).Select(number => (Place: text.At(number.Index), Section: number.Value))).ToList();
        Assert.True(cited.Count > 50, "hardly anything cites xapi.md any more: is the pattern of this test still right?");
        NothingBroken(cited.Where(citation => !sections.Contains(citation.Section))
            .Select(citation => $"{citation.Place}: docs/xapi.md has no section {citation.Section}"));
    }

    [Fact]
    public void Headings_of_the_protocol_that_are_cited_exist()
    {
        var headings = Heading().Matches(RepositoryTexts.Page("docs/protocol.md")).Select(match => match.Groups["title"].Value.Trim()).ToHashSet();
        NothingBroken(RepositoryTexts.All.SelectMany(text => ProtocolCitation().Matches(text.Content)
            .Where(match => !headings.Contains(match.Groups["title"].Value))
            .Select(match => $"{text.At(match.Index)}: docs/protocol.md has no heading '{match.Groups["title"].Value}'")));
    }

    [Fact]
    public void Records_of_decisions_that_are_cited_exist_and_say_when_and_whether_they_hold()
    {
        var records = RepositoryTexts.Pages.Where(page => page.Path.StartsWith("docs/adr/", StringComparison.Ordinal)).ToList();
        var numbers = records.Select(page => int.Parse(page.Path["docs/adr/".Length..].Split('-')[0])).ToHashSet();
        NothingBroken(RepositoryTexts.All.SelectMany(text => RecordCitation().Matches(text.Content)
            .SelectMany(match => match.Groups["number"].Captures)
            .Where(number => !numbers.Contains(int.Parse(number.Value)))
            .Select(number => $"{text.At(number.Index)}: there is no ADR {number.Value} in docs/adr")));
        NothingBroken(records.Where(page => !RecordHead().IsMatch(page.Content))
            .Select(page => $"{page.Path}: the third line must say 'Date: YYYY-MM-DD. Status: …'"));
        NothingBroken(records.Where(page => !page.Content.StartsWith($"# {int.Parse(page.Path["docs/adr/".Length..].Split('-')[0])}. ", StringComparison.Ordinal))
            .Select(page => $"{page.Path}: the title does not begin with the number of the file"));
    }

    [Fact]
    public void Nothing_cites_a_page_that_readers_do_not_have() =>
        NothingBroken(RepositoryTexts.All.SelectMany(text => MissingPage().Matches(text.Content)
            .Select(match => $"{text.At(match.Index)}: '{match.Value}' is no page of this repository; cite docs/protocol.md")));

    [Fact]
    public void Files_that_are_named_exist() =>
        NothingBroken(RepositoryTexts.All.SelectMany(text => FilePath().Matches(text.Content)
            .Where(match => !match.Value.Contains("/AREA/") && !RepositoryTexts.Exists(match.Groups["path"].Value))
            .Select(match => $"{text.At(match.Index)}: there is no {match.Groups["path"].Value}")));

    [Fact]
    public void Source_files_that_pages_name_without_a_folder_exist()
    {
        var names = RepositoryTexts.All.Select(text => text.Path.Split('/')[^1]).ToHashSet();
        NothingBroken(RepositoryTexts.Pages.SelectMany(page => SourceName().Matches(page.Content)
            .Where(match => !names.Contains(match.Groups["name"].Value))
            .Select(match => $"{page.At(match.Index)}: there is no file {match.Groups["name"].Value}")));
    }

    [Fact]
    public void Scenarios_that_pages_name_exist()
    {
        var areas = Directory.GetDirectories(Path.Combine(RepositoryTexts.Root, "sim/scenarios")).Select(folder => Path.GetFileName(folder)).ToHashSet();
        NothingBroken(RepositoryTexts.Pages.SelectMany(page => ScenarioName().Matches(page.Content)
            .Where(match => areas.Contains(match.Groups["area"].Value))
            .Where(match => !RepositoryTexts.Exists($"sim/scenarios/{match.Groups["area"].Value}/{match.Groups["name"].Value}.yaml"))
            .Select(match => $"{page.At(match.Index)}: there is no scenario {match.Value}")));
    }

    [Fact]
    public void Mutants_that_the_protocol_names_exist_and_each_mutant_is_named_by_a_rule()
    {
        var mutants = MutantName().Matches(RepositoryTexts.Page("sim/mutants/mutants.yaml")).Select(match => match.Groups["name"].Value).ToHashSet();
        var protocol = RepositoryTexts.All.Single(text => text.Path == "docs/protocol.md");
        var named = KebabCase().Matches(protocol.Content).ToList();
        NothingBroken(named.Where(match => !mutants.Contains(match.Groups["name"].Value))
            .Select(match => $"{protocol.At(match.Index)}: there is no mutant {match.Groups["name"].Value}"));
        NothingBroken(mutants.Except(named.Select(match => match.Groups["name"].Value))
            .Select(name => $"sim/mutants/mutants.yaml: no rule of docs/protocol.md names the mutant {name}; write it under \"Shown by\" of its rule"));
    }

    private static void NothingBroken(IEnumerable<string> complaints)
    {
        var all = complaints.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }

    /// <summary>The targets of links are checked by themselves; what is left is what a reader reads. Places stay where they are.</summary>
    private static string WithoutLinks(RepositoryText text) => text.IsPage
        ? LinkTarget().Replace(text.Content, match => new string(' ', match.Length))
        : text.Content;

    [GeneratedRegex(@"^(?:\| \*\*(?<row>[SLA]\d+)\*\*|### (?<heading>[RT]\d+)$)", RegexOptions.Multiline)]
    private static partial Regex RuleDefinition();

    [GeneratedRegex(@"(?<![\w.#<-])(?:[SLR]\d|[AT]\d\d?)(?![\w>(-])(?!\.\d)")]
    private static partial Regex RuleName();

    [GeneratedRegex(@"^##+ (?<number>\d+(?:\.\d+)?)[. ]", RegexOptions.Multiline)]
    private static partial Regex XapiSection();

    [GeneratedRegex(@"xapi\.md`?(?:\)|,)?(?: sections?)? (?<number>\d+(?:\.\d+)*)(?:(?:,| and) (?:xapi\.md )?(?<number>\d+\.\d+|\d+(?=[,.) ])))*")]
    private static partial Regex XapiCitation();

    [GeneratedRegex("protocol\\.md, (?:\"(?<title>[^\"]+)\"|(?<title>[A-Z]\\d+))")]
    private static partial Regex ProtocolCitation();

    [GeneratedRegex(@"^##+ (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\bADRs? (?<number>\d+)(?:(?:,| and) (?<number>\d+))*")]
    private static partial Regex RecordCitation();

    [GeneratedRegex(@"design[,] section|design[']s|\bdesign[.]md")]
    private static partial Regex MissingPage();

    [GeneratedRegex(@"^Date: \d{4}-\d\d-\d\d(?:, looked at again \d{4}-\d\d-\d\d)?\. Status: \w", RegexOptions.Multiline)]
    private static partial Regex RecordHead();

    [GeneratedRegex(@"(?<![\w./*{}$-])(?<path>(?:src|sim|tests|docs|packaging)/[\w./-]*\w)(?![\w*{}$-])")]
    private static partial Regex FilePath();

    [GeneratedRegex(@"`(?<name>\w[\w.]*\.(?:cs|yaml|service|sh))`")]
    private static partial Regex SourceName();

    [GeneratedRegex(@"`(?<area>[a-z-]+)/(?<name>[\w-]+)`")]
    private static partial Regex ScenarioName();

    [GeneratedRegex("^- name: (?<name>\\S+)$", RegexOptions.Multiline)]
    private static partial Regex MutantName();

    [GeneratedRegex("`(?<name>[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+)`")]
    private static partial Regex KebabCase();

    [GeneratedRegex(@"\]\([^)]*\)")]
    private static partial Regex LinkTarget();
}
