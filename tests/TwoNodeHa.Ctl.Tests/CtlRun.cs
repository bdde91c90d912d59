using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Text.Json;
using TwoNodeHa.Ctl.Output;

[assembly: SupportedOSPlatform("linux")]

namespace TwoNodeHa.Ctl.Tests;

/// <summary>One run of ha-ctl inside the test process.</summary>
internal sealed record CtlRun(int ExitCode, string Out, string Error)
{
    /// <summary>The wall clock of every run.</summary>
    public static readonly DateTimeOffset Now = new(2026, 9, 21, 14, 13, 20, TimeSpan.Zero);

    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    public static CtlRun Of(params string[] args) => Rounds(1, args);

    public static CtlRun Rounds(int rounds, params string[] args) => On(Screen.None, rounds, args);

    public static CtlRun With(Remote.IPrograms programs, params string[] args) => On(Screen.None, 1, programs, args);

    public static CtlRun On(Screen screen, int rounds, params string[] args) => On(screen, rounds, new Remote.Programs(), args);

    private static CtlRun On(Screen screen, int rounds, Remote.IPrograms programs, string[] args) =>
        On(context => context with { Screen = screen, RoundsMax = rounds, Programs = programs }, args);

    /// <summary>On another host than this one.</summary>
    public static CtlRun On(Func<CtlContext, CtlContext> host, params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var context = host(new CtlContext(output, error)
        {
            RoundPause = TimeSpan.FromMilliseconds(1),
            ConfirmPause = TimeSpan.FromMilliseconds(1),
            PairLimit = TimeSpan.FromMilliseconds(50),
            Wall = new StoppedClock(),
        });
        return new CtlRun(CtlApp.Run(args, context), output.ToString(), error.ToString());
    }

    public static string RepositoryFile(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", name);

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
