using System.Collections.Immutable;
using System.Text;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>timeline</c>: what happens when, from this configuration. Needs no daemon.</summary>
internal static class TimelineVerb
{
    public static int Run(CtlContext context, GlobalOptions options)
    {
        var parsed = LocalConfigFile.Parse(options.ConfigFile);
        if (parsed.Config is not { } config)
        {
            return Printer.Print(context, options.Json, Refusal(parsed.Findings));
        }

        var stories = Timeline.Of(config);
        var timing = TimingRules.Of(config).Lines();
        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "timeline",
            ExitCode = ExitCode.Ok,
            Text = "",
            Timing = timing,
            Deadlines = [.. Deadlines.Printed.Select(one => new DeadlineJson(one.Span.TotalSeconds, one.What))],
            Stories = Json(stories),
            Human = options.Json ? "" : TimelineText.Render(stories, timing),
        });
    }

    private static CtlReport Refusal(ImmutableArray<ConfigFinding> findings)
    {
        var text = new StringBuilder("the configuration has errors, so there is no timeline:");
        foreach (var finding in findings)
        {
            text.Append('\n').Append(finding);
        }

        return new CtlReport { Verb = "timeline", ExitCode = ExitCode.Findings, Text = text.ToString() };
    }

    private static StoryJson[] Json(ImmutableArray<TimelineStory> stories)
    {
        var result = new StoryJson[stories.Length];
        for (var index = 0; index < result.Length; index++)
        {
            var story = stories[index];
            result[index] = new StoryJson(
                story.Id,
                story.Title,
                story.Hypothetical,
                story.EndsWell,
                Rows(story),
                story.Takeover?.From.TotalSeconds,
                story.Takeover?.To.TotalSeconds,
                story.Toolstack?.From.TotalSeconds,
                story.Toolstack?.To.TotalSeconds,
                story.Outcome);
        }

        return result;
    }

    private static RowJson[] Rows(TimelineStory story)
    {
        var rows = new RowJson[story.Rows.Length];
        for (var index = 0; index < rows.Length; index++)
        {
            var row = story.Rows[index];
            rows[index] = new RowJson(row.When.From.TotalSeconds, row.When.To.TotalSeconds, row.What);
        }

        return rows;
    }
}
