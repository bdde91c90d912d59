using System.Text;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Setup;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>import-ha-lizard</c>: its settings in our words. Nothing of HA-Lizard is changed or removed.</summary>
internal static class ImportVerb
{
    public static int Run(CtlContext context, GlobalOptions options, string? file, bool write)
    {
        if (HostInspector.InstallationUuid(context.Paths.Inventory) is not { } self)
        {
            return Fail(context, options, ExitCode.Refused, $"no INSTALLATION_UUID in {context.Paths.Inventory}: this is no dom0 of XenServer or XCP-ng");
        }

        if (PoolReader.Read(context, self, options.Timeout, out var trouble) is not { } facts)
        {
            return Fail(context, options, ExitCode.Unreachable, trouble);
        }

        var overriding = LocalConfigFile.Read(file ?? context.Paths.LizardFile, out trouble);
        if (overriding is null && file is not null)
        {
            return Fail(context, options, ExitCode.LocalFailure, $"{file}: {trouble}");
        }

        var old = LizardSettings.Read(facts.OtherConfig, overriding ?? "");
        if (old.IsEmpty)
        {
            return Fail(context, options, ExitCode.Refused, $"there are no settings of HA-Lizard, neither in the pool's other_config nor in {file ?? context.Paths.LizardFile}");
        }

        var import = LizardImport.Of(old);
        var written = write ? Write(context, options, facts, import) : (Code: ExitCode.Ok, Text: "nothing was written; with --write, or by ha-ctl init, the configuration is");
        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "import-ha-lizard",
            ExitCode = written.Code,
            Text = written.Text,
            Notes = [.. import.Notes.Select(note => new NoteJson(note.Fate.ToString().ToLowerInvariant(), note.Settings, note.Sentence))],
            Sums = import.Sums,
            Human = options.Json ? "" : Render(old, import, context.Screen),
        });
    }

    private static (int Code, string Text) Write(CtlContext context, GlobalOptions options, PoolFacts facts, LizardImport import)
    {
        if (File.Exists(options.ConfigFile))
        {
            return (ExitCode.Refused, $"{options.ConfigFile} is there already: move it away, or name another one with --config");
        }

        var wishes = new SiteWishes { Gateways = import.Gateways, Lizard = import, HasWatchdog = File.Exists(context.Paths.Watchdog) };
        if (SitePlan.Of(facts, wishes, out var trouble) is not { } plan)
        {
            return (ExitCode.Refused, trouble);
        }

        try
        {
            HostSetup.Put(options.ConfigFile, ConfigWriter.Write(plan), keepOld: false);
            return (ExitCode.Ok, $"the configuration is in {options.ConfigFile}. Next: ha-cfg ha-disable, stop HA-Lizard on both hosts, then ha-ctl init");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return (ExitCode.LocalFailure, $"{options.ConfigFile} cannot be written: {failure.Message}");
        }
    }

    private static string Render(LizardSettings old, LizardImport import, Screen screen)
    {
        var text = new StringBuilder();
        text.Append(screen.Paint("What the old values added up to", Paint.Head)).Append('\n');
        Append(text, screen, import.Sums.Select(sum => ("-", (Paint?)null, sum)));
        text.Append('\n').Append(screen.Paint("What became of them", Paint.Head)).Append('\n');
        Append(text, screen, import.Notes.OrderByDescending(note => note.Fate).Select(note =>
            (note.Fate.ToString().ToLowerInvariant(), note.Fate == LizardFate.Unsafe ? Paint.Bad : (Paint?)null, $"{note.Settings}: {note.Sentence}")));
        if (!old.Findings.IsEmpty)
        {
            text.Append('\n').Append(screen.Paint("What was wrong with them", Paint.Head)).Append('\n');
            Append(text, screen, old.Findings.Select(finding => ("-", (Paint?)null, finding)));
        }

        return screen.Shown(text.Append('\n').ToString());
    }

    private static void Append(StringBuilder text, Screen screen, IEnumerable<(string Mark, Paint? Paint, string Sentence)> rows)
    {
        var table = new TextTable();
        foreach (var (mark, paint, sentence) in rows)
        {
            table.AddPainted(paint, mark, sentence);
        }

        table.AppendTo(text, screen, "  ");
    }

    private static int Fail(CtlContext context, GlobalOptions options, int code, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = "import-ha-lizard", ExitCode = code, Text = sentence });
}
