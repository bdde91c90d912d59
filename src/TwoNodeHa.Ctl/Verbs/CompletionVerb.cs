using System.CommandLine;
using TwoNodeHa.Ctl.Completion;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>completion</c>: prints the completion script of a shell; the same text is in packaging/completions.</summary>
internal static class CompletionVerb
{
    public static int Run(CtlContext context, Command root, string shell)
    {
        context.Out.Write(CompletionScript.Of(shell, root));
        return ExitCode.Ok;
    }
}
