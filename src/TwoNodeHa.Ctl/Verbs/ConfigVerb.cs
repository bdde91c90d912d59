using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Remote;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>config diff</c>: which keys differ between the configuration of this host and that of the other one.</summary>
internal static class ConfigVerb
{
    /// <param name="context">The run.</param>
    /// <param name="options">The file of this host.</param>
    /// <param name="with">A copy of the other host's file; null: it is read by ssh.</param>
    /// <param name="ssh">Where ssh finds the other host; null: its management address.</param>
    public static int Diff(CtlContext context, GlobalOptions options, string? with, string? ssh)
    {
        if (LocalConfigFile.Read(options.ConfigFile, out var trouble) is not { } own)
        {
            return Fail(context, options, ExitCode.LocalFailure, $"{options.ConfigFile}: {trouble}");
        }

        var other = with is not null ? LocalConfigFile.Read(with, out trouble) : OfPeer(context, options, own, ssh, out trouble);
        if (other is null)
        {
            return Fail(context, options, with is null ? ExitCode.Unreachable : ExitCode.LocalFailure, with is null ? trouble : $"{with}: {trouble}");
        }

        var differing = ConfigDiff.Of(own, other);
        var refused = differing.Count(difference => difference.MustAgree);
        var text = (refused, differing.Length) switch
        {
            (0, 0) => "both files say the same",
            (0, _) => $"both files agree in all that must agree; {Words.Count(differing.Length, "key")} may differ",
            _ => $"{Words.Count(refused, "key")} must agree: copy one ha.conf to both hosts and restart the daemons, one after the other",
        };
        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "config",
            ExitCode = refused > 0 ? ExitCode.Findings : ExitCode.Ok,
            Text = text,
            Differences = [.. differing.Select(one => new DifferenceJson(one.Path, Shown(one.Path, one.Left), Shown(one.Path, one.Right), one.MustAgree))],
            Human = options.Json ? "" : Render(differing, context.Screen),
        });
    }

    private static string? OfPeer(CtlContext context, GlobalOptions options, string own, string? ssh, out string trouble)
    {
        var target = ssh;
        if (target is null)
        {
            if (PeerHost.Of(options, own, out trouble) is not { } peer)
            {
                return null;
            }

            target = Ssh.Root(peer.Address);
        }

        var result = Ssh.Run(context, target, "cat /etc/twonodeha/ha.conf", "", Ssh.Limit);
        trouble = result.Succeeded ? "" : $"the file of the other host cannot be read ({target}): {result.LastWord}. Copy it here and name it with --with FILE";
        return result.Succeeded ? result.Output : null;
    }

    private static string Render(ImmutableArray<ConfigDifference> differing, Screen screen)
    {
        if (differing.IsEmpty)
        {
            return "";
        }

        var table = new TextTable();
        table.AddPainted(Paint.Head, "KEY", "", "HERE", "THERE");
        foreach (var one in differing.OrderBy(one => one.MustAgree ? 0 : 1))
        {
            table.AddPainted(one.MustAgree ? Paint.Bad : null, one.Path, one.MustAgree ? "must agree" : "may differ",
                Place(one.Path, one.Left, one.LeftLine), Place(one.Path, one.Right, one.RightLine));
        }

        var text = new StringBuilder();
        table.AppendTo(text, screen);
        return screen.Shown(text.ToString());
    }

    private static string Place(string path, string? value, int line) => value is null ? "(not written)"
        : string.Create(CultureInfo.InvariantCulture, $"{Shown(path, value)} (line {line})");

    /// <summary>A password is never shown; that it differs is.</summary>
    private static string? Shown(string path, string? value) => value is not null
        && (path.Contains("password", StringComparison.OrdinalIgnoreCase) || path.Contains("secret", StringComparison.OrdinalIgnoreCase)
            || path.Contains("token", StringComparison.OrdinalIgnoreCase)) ? "***" : value;

    private static int Fail(CtlContext context, GlobalOptions options, int code, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = "config", ExitCode = code, Text = sentence });
}
