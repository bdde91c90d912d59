using System.Text.RegularExpressions;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Tests.Docs;

namespace TwoNodeHa.Core.Tests.Advice;

/// <summary>Whatever this version decides, it can explain. The sentences are those of the golden logs: what the real decision code said.</summary>
public sealed partial class RuleNotesTests
{
    private const string Unknown = "this version does not know";

    private static readonly ILookup<int, string> Said = Directory
        .EnumerateFiles(Path.Combine(RepositoryTexts.Root, "sim/scenarios"), "*.log", SearchOption.AllDirectories)
        .SelectMany(File.ReadLines).Select(line => EventOfLog().Match(line)).Where(match => match.Success)
        .ToLookup(match => int.Parse(match.Groups["id"].Value), match => match.Groups["sentence"].Value);

    [Fact]
    public void Decisions_of_every_scenario_are_explained_by_a_rule()
    {
        foreach (var id in (HaEventId[])[HaEventId.TakeoverDecided, HaEventId.FenceDecided])
        {
            Assert.NotEmpty(Said[(int)id]);
            Assert.All(Said[(int)id].Distinct(), sentence => Assert.DoesNotContain(Unknown, Note(id, sentence).Says, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_permit_of_the_protocol_has_a_note_and_every_right_is_named()
    {
        var rules = RuleHeading().Matches(RepositoryTexts.Page("docs/protocol.md")).Select(match => match.Groups["rule"].Value).ToList();
        Assert.True(rules.Count >= 11, "the headings of the rules were not found");
        Assert.All(rules.Where(rule => rule[0] == 'T'), rule => Assert.Equal(rule, Note(HaEventId.TakeoverDecided, $"taking over from b, epoch 2: {rule}: why").Rule));
        var fence = Note(HaEventId.FenceDecided, "fencing this host: neither the peer nor the gateway answers: the right to run has ended");
        Assert.All(rules.Where(rule => rule[0] == 'R'), rule => Assert.Contains($"({rule})", fence.Says, StringComparison.Ordinal));
        Assert.Contains(Unknown, Note(HaEventId.TakeoverDecided, "taking over from b, epoch 2: Q1: why").Says, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("the gateway is lost here, b has it and can take over: yielding", "yielding")]
    [InlineData("the storage is lost here (/srv/sr), b has it and can take over: yielding", "yielding")]
    [InlineData("the operator asked for it", "the operator's order")]
    [InlineData("this host shuts down, and nothing is running on it", "departing")]
    [InlineData("conflict: b outranks this host and runs VMs too", "epoch and rank")]
    [InlineData("a VM runs here although this host gave its word that none do", "committed")]
    [InlineData("continued after a restart: the operator asked for it", "the operator's order")]
    public void Fence_that_ends_no_right_does_not_say_that_none_was_held(string reason, string rule)
    {
        var note = Note(HaEventId.FenceDecided, "fencing this host: " + reason);
        Assert.Equal(rule, note.Rule);
        Assert.DoesNotContain("none did", note.Says, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_event_of_this_version_is_known_and_none_of_another() =>
        Assert.Equal(Enum.GetValues<HaEventId>().Select(id => (int)id).Order(), Enumerable.Range(0, 1000).Where(RuleNotes.IsKnown));

    [Fact]
    public void Maintenance_is_no_sign_of_another_version()
    {
        var incident = Incident.Of([new Journal("a", [new EventLine(1_790_000_000_000, (int)HaEventId.Maintenance, "notice", "the maintenance is over")])], "", out _);
        Assert.DoesNotContain(incident!.Caveats, caveat => caveat.Contains("different versions", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_note_leads_to_a_heading_of_the_protocol()
    {
        var anchors = Heading().Matches(RepositoryTexts.Page("docs/protocol.md")).Select(match => match.Groups["title"].Value.Trim().ToLowerInvariant().Replace(' ', '-')).ToHashSet();
        var notes = Said.SelectMany(said => said.Distinct().Select(sentence => RuleNotes.Of(new EventLine(0, said.Key, "notice", sentence)))).OfType<RuleNote>()
            .Append(Note(HaEventId.FenceDecided, "fencing this host: as of tomorrow")).Append(Note(HaEventId.FenceReset, "")).DistinctBy(note => note.Anchor).ToList();
        Assert.True(notes.Count >= 12, "hardly any note was met");
        Assert.Empty(notes.Where(note => !anchors.Contains(note.Anchor)).Select(note => note.Anchor));
    }

    private static RuleNote Note(HaEventId id, string sentence) => RuleNotes.Of(new EventLine(0, (int)id, "critical", sentence))!;

    [GeneratedRegex(@"^ *[\d.]+ \S+ +\[(?<id>\d+)\] (?<sentence>.+)$")]
    private static partial Regex EventOfLog();

    [GeneratedRegex(@"^### (?<rule>[RT]\d+)$", RegexOptions.Multiline)]
    private static partial Regex RuleHeading();

    [GeneratedRegex(@"^##+ (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
