namespace TwoNodeHa.Ctl.Verbs;

/// <summary>
/// <c>completion</c>: prints the completion script of a shell; the same files are in packaging/completions.
/// </summary>
internal static class CompletionVerb
{
    public static int Run(CtlContext context, string shell)
    {
        using var resource = typeof(CompletionVerb).Assembly.GetManifestResourceStream("completion." + shell)
            ?? throw new InvalidOperationException($"The completion for {shell} is not in this program.");
        using var reader = new StreamReader(resource);
        context.Out.Write(reader.ReadToEnd());
        return ExitCode.Ok;
    }
}
