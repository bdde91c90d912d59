using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>version</c>: of this program and of the daemon that runs, which may differ during an upgrade.</summary>
internal static class VersionVerb
{
    public static int Run(CtlContext context, GlobalOptions options)
    {
        var own = typeof(VersionVerb).Assembly.GetName().Version?.ToString(3) ?? "unknown";
        var exchange = ControlClient.Ask(
            LocalConfigFile.ControlSocket(options), new ControlRequest.Version(), options.Timeout);
        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "version",
            ExitCode = ExitCode.Ok,
            Text = exchange.Answer?.Text ?? exchange.Trouble,
            Version = own,
            Human = "ha-ctl " + own,
        });
    }
}
