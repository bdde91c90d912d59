using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Text.Json;

[assembly: SupportedOSPlatform("linux")]

namespace TwoNodeHa.Ctl.Tests;

/// <summary>One run of ha-ctl inside the test process.</summary>
internal sealed record CtlRun(int ExitCode, string Out, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    public static CtlRun Of(params string[] args) => Rounds(1, args);

    public static CtlRun Rounds(int rounds, params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var context = new CtlContext(output, error) { RoundsMax = rounds, RoundPause = TimeSpan.FromMilliseconds(1) };
        return new CtlRun(CtlApp.Run(args, context), output.ToString(), error.ToString());
    }

    public static string RepositoryFile(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", name);
}
