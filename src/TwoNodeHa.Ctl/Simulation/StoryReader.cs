using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Ctl.Simulation;

/// <summary>The story on the command line: sentences of the scenario language, each with a time in front or without.</summary>
internal static class StoryReader
{
    /// <summary>The moves, in the order of their times; null with what cannot be read.</summary>
    /// <param name="sentences"><c>power off beta</c>, or <c>at 60s: power on beta</c>. Without a time: with the one before, the first at 0 s.</param>
    /// <param name="trouble">What cannot be read.</param>
    public static List<Move>? Read(IReadOnlyList<string> sentences, out string trouble)
    {
        trouble = "";
        var moves = new List<Move>();
        var time = TimeSpan.Zero;
        for (var index = 0; index < sentences.Count; index++)
        {
            var text = sentences[index].Trim();
            if (text.StartsWith("at ", StringComparison.Ordinal))
            {
                var colon = text.IndexOf(':', StringComparison.Ordinal);
                if (colon < 0 || !Times.TryParse(text[3..colon].Trim(), out time) || time < TimeSpan.Zero)
                {
                    trouble = $"'{text}': a sentence with a time is written 'at 60s: power on beta'";
                    return null;
                }

                text = text[(colon + 1)..].Trim();
            }

            if (text.Length == 0)
            {
                trouble = "a sentence is empty: write what happens, 'power off beta'; docs/scenario-verbs.md has all words";
                return null;
            }

            moves.Add(new Move(time, new Sentence(text, index + 1)));
        }

        return [.. moves.OrderBy(move => move.At)];
    }
}
