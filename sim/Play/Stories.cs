using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Play;

/// <summary>A classic fault that plays by itself.</summary>
/// <param name="Title">What a visitor reads.</param>
/// <param name="Sentences">When, in seconds, and what, in the scenario language.</param>
internal sealed record Story(string Title, params (double At, string What)[] Sentences)
{
    /// <summary>As a game takes them.</summary>
    public IReadOnlyList<Move> Moves => [.. Sentences.Select(said => new Move(TimeSpan.FromSeconds(said.At), new Sentence(said.What, 0)))];
}

/// <summary>What the page offers to whoever does not know yet what to break.</summary>
internal static class Stories
{
    public static IReadOnlyList<Story> All { get; } =
    [
        new("A host loses power", (3, "power off a"), (150, "power on a")),
        new("A network cable is pulled", (3, "pull cable of b"), (180, "plug cable of b")),
        new("A host is not heard any more", (3, "cut a outwards"), (180, "mend a outwards")),
        new("The switch dies", (3, "switch off"), (63, "switch on")),
        new("The gateway dies", (3, "gateway off"), (63, "gateway on")),
        new("A host loses its storage", (3, "storage of a is lost"), (180, "storage of a is back")),
        new("The HA program hangs", (3, "freeze daemon on a for 10min")),
        new("A host is rebooted", (3, "orderly reboot of a")),
    ];
}
