using System.Collections.Immutable;
using System.Text;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Ctl.Output;

/// <summary>The timeline as a person reads it.</summary>
internal static class TimelineText
{
    public static string Render(ImmutableArray<TimelineStory> stories, ImmutableArray<string> timing)
    {
        var text = new StringBuilder(8192);
        text.Append("Seconds after the failure, from this configuration. Toolstack times are typical ones and shown "
            + "apart.\n");
        foreach (var line in timing)
        {
            text.Append("  ").Append(line).Append('\n');
        }

        foreach (var story in stories)
        {
            AppendStory(text, story);
        }

        text.Append("\nFixed times, the same in every configuration\n");
        var table = new TextTable();
        foreach (var (span, what) in Deadlines.Printed)
        {
            table.Add(Seconds(span), what);
        }

        table.AppendTo(text, "  ");
        return text.ToString();
    }

    private static void AppendStory(StringBuilder text, TimelineStory story)
    {
        text.Append('\n').Append(story.Title);
        text.Append(story.Hypothetical ? " (not so in this configuration: there is no independent "
            + "second link)\n" : "\n");
        var table = new TextTable();
        foreach (var row in story.Rows)
        {
            table.Add(Range(row.When), row.What);
        }

        table.AppendTo(text, "  ");
        if (story.Takeover is { } takeover)
        {
            text.Append("  = takeover after ").Append(Range(takeover));
            if (story.Toolstack is { } toolstack)
            {
                text.Append(" + toolstack, if it must become master, typically ").Append(Range(toolstack));
            }

            text.Append('\n');
        }

        text.Append("  => ").Append(story.Outcome).Append(".\n");
    }

    private static string Range(TimeRange range) => range.From == range.To
        ? Seconds(range.From)
        : $"{Seconds(range.From)} – {Seconds(range.To)}";

    private static string Seconds(TimeSpan time) => TimingRules.Text(time) + " s";
}
