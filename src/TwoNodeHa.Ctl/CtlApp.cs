using System.CommandLine;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl;

/// <summary>One run of ha-ctl: arguments in, exit code out.</summary>
internal static class CtlApp
{
    public static int Run(string[] args, CtlContext context)
    {
        var parsed = CommandTree.Build(context).Parse(args);
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
        var sentences = new List<string>();
        foreach (var error in parsed.Errors)
        {
            sentences.Add(error.Message);
        }

        return Printer.Print(context, Array.IndexOf(args, "--json") >= 0, new CtlReport
        {
            Verb = parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name,
            ExitCode = ExitCode.Usage,
            Text = string.Join("\n", sentences) + "\nTry: ha-ctl --help",
        });
    }
}
