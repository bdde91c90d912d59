using System.CommandLine;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl;

/// <summary>One run of ha-ctl: arguments in, exit code out.</summary>
internal static class CtlApp
{
    public static int Run(string[] args, CtlContext context)
    {
        var root = CommandTree.Build(context);
        if (args.Length == 0)
        {
            HelpText.Write(root, context.Out);
            return ExitCode.Usage;
        }

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            return UsageError(args, parsed, context);
        }

        return parsed.Invoke(new InvocationConfiguration
        {
            Output = context.Out,
            Error = context.Error,
            EnableDefaultExceptionHandler = false,

            // Nothing here needs an orderly end: an interrupt may simply end the process.
            ProcessTerminationTimeout = null,
        });
    }

    private static int UsageError(string[] args, ParseResult parsed, CtlContext context)
    {
        var command = parsed.CommandResult.Command;
        var sentences = Slip(parsed) is { } slip ? [slip] : parsed.Errors.Select(error => error.Message).Distinct();
        return Printer.Print(context, Array.IndexOf(args, "--json") >= 0, new CtlReport
        {
            Verb = command is RootCommand ? "" : command.Name,
            ExitCode = ExitCode.Usage,
            Text = string.Join("\n", sentences) + $"\nTry: ha-ctl {(command is Verb ? command.Name + " " : "")}--help",
        });
    }

    /// <summary>A word that nothing is known of, with what was probably meant; null when the trouble is another one.</summary>
    private static string? Slip(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens.Count == 0)
        {
            return null;
        }

        var word = parsed.UnmatchedTokens[0];
        var command = parsed.CommandResult.Command;
        var isOption = word.StartsWith('-');
        string[] known = isOption
            ? [.. command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(option => option.Recursive)).Select(option => option.Name)]
            : [.. command.Subcommands.Select(sub => sub.Name)];
        var what = command is RootCommand ? $"'{word}' is no {(isOption ? "option" : "verb")} of ha-ctl"
            : $"'{word}' is not known to 'ha-ctl {command.Name}'";
        return NearestWord.Of(word, known) is { } near ? $"{what}; did you mean '{near}'?" : what;
    }
}
