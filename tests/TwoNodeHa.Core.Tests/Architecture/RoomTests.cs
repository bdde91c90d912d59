using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Architecture;

/// <summary>The rooms of Core (docs/adr/0010-rooms.md). A new arrow is a decision, made here and there.</summary>
public sealed class RoomTests
{
    /// <summary>Which rooms a room may know, from the bottom up: no room knows one that stands below it here.</summary>
    private static readonly (string Room, string[] Knows)[] Allowed =
    [
        ("Model", []),
        ("Config", ["Model"]),
        ("Protocol", ["Model"]),
        ("Control", ["Model"]),
        ("Setup", ["Config"]),
        ("Contract", ["Model", "Protocol", "Control"]),
        ("Advice", ["Model", "Config", "Protocol", "Control", "Contract"]),
        ("Vms", ["Model", "Config", "Contract"]),
        ("Situation", ["Model", "Config", "Protocol", "Contract", "Vms"]),
        ("Rules", ["Model", "Config", "Protocol", "Contract", "Situation"]),
        ("States", ["Model", "Protocol", "Contract", "Situation"]),
        ("Step", ["Model", "Config", "Contract", "Situation", "States"]),
        ("Host", ["Model", "Config", "Protocol", "Contract", "Vms", "Situation", "Rules", "Step"]),
        ("Peer", ["Model", "Config", "Protocol", "Contract", "Situation", "Rules", "Step", "Host"]),
        ("Procedures", ["Model", "Config", "Protocol", "Control", "Contract", "Vms", "Situation", "Rules", "States", "Step", "Host", "Peer"]),
        ("Routine", ["Model", "Config", "Protocol", "Contract", "Situation", "Rules", "Step", "Host", "Peer"]),
        ("Operator",
            ["Model", "Config", "Protocol", "Control", "Advice", "Contract", "Vms", "Situation", "Rules", "States", "Step", "Host", "Peer", "Procedures"]),
        ("Machine",
        [
            "Model", "Config", "Protocol", "Control", "Contract", "Situation", "Rules", "States", "Step", "Host", "Peer", "Procedures", "Routine",
            "Operator",
        ]),
    ];

    [Fact]
    public void Rooms_KnowOnlyWhatTheyMay()
    {
        var arrows = CoreGraph.Arrows.Where(arrow => Arrow.Room(arrow.From) != Arrow.Room(arrow.To)).ToList();
        Assert.True(arrows.Count > 300, "the sources were not understood");
        Assert.Empty(arrows
            .Where(arrow => !Allowed.Any(row => row.Room == Arrow.Room(arrow.From) && row.Knows.Contains(Arrow.Room(arrow.To))))
            .Select(arrow => $"{Arrow.Room(arrow.From)} must not know {Arrow.Room(arrow.To)}: {arrow.From} names {arrow.To}")
            .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Rooms_FormNoCycle()
    {
        var above = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (room, knows) in Allowed)
        {
            Assert.All(knows, known => Assert.Contains(known, above));
            above.Add(room);
        }
    }

    [Fact]
    public void Types_FormNoCycle()
    {
        // What is left in the end is in a cycle, or between two.
        // A generated serializer and the types it serializes know each other.
        var rest = CoreGraph.Arrows.Where(arrow => !arrow.From.EndsWith("Json", StringComparison.Ordinal)).ToList();
        for (var count = 0; count != rest.Count;)
        {
            count = rest.Count;
            var from = rest.Select(arrow => arrow.From).ToHashSet();
            var to = rest.Select(arrow => arrow.To).ToHashSet();
            rest.RemoveAll(arrow => !from.Contains(arrow.To) || !to.Contains(arrow.From));
        }

        Assert.Empty(rest.Select(arrow => $"{arrow.From} -> {arrow.To}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void WakeUp_AsksEveryoneWhoWantsToBeAskedAgain()
    {
        var asked = File.ReadAllText(Repository.Folder("src/TwoNodeHa.Core/Machine/WakeUp.cs"));
        var rules = typeof(HaMachine).Assembly.GetTypes().Where(type => type.GetMethod("LookAgainAt", [typeof(View)]) is not null).ToList();
        Assert.True(rules.Count >= 12, "the rules were not found");
        Assert.Empty(rules.Where(rule => !asked.Contains($" {rule.Name}.LookAgainAt(view)", StringComparison.Ordinal)).Select(rule => rule.FullName));
    }
}
