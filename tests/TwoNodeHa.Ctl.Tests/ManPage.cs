using System.CommandLine;
using System.Text;

namespace TwoNodeHa.Ctl.Tests;

/// <summary>The manual page ha-ctl(8), made from the command tree (man(7)).</summary>
internal static class ManPage
{
    private static readonly (int Code, string Meaning)[] s_exitCodes =
    [
        (ExitCode.Ok, "Done."),
        (ExitCode.Refused, "Refused; the reason is printed."),
        (ExitCode.Usage, "The command line is wrong, or a confirmation is missing; nothing was sent."),
        (ExitCode.Unreachable, "The daemon cannot be reached."),
        (ExitCode.Pending, "Accepted, but not confirmed by the other host yet; what still holds is printed."),
        (ExitCode.Findings, "The configuration or the checks have findings."),
        (ExitCode.Timeout, "No answer in time; whether the daemon acts on the request is not known."),
        (ExitCode.Garbled, "The daemon's answer could not be understood."),
        (ExitCode.LocalFailure, "A local file could not be read or written."),
    ];

    public static string Of(RootCommand root)
    {
        var page = new StringBuilder();
        Line(".\\\" Made from the command tree: REWRITE_GOLDEN=1 dotnet test tests/TwoNodeHa.Ctl.Tests");
        Line(".TH HA\\-CTL 8 \"\" \"TwoNodeHa\" \"System administration\"");
        Line(".SH NAME");
        Line("ha\\-ctl \\- look at and operate the high availability of a pool of two hosts");
        Line(".SH SYNOPSIS");
        Line(".B ha\\-ctl");
        Line("[\\fIOPTIONS\\fR] \\fIVERB\\fR [\\fIVERB OPTIONS\\fR]");
        Line(".SH DESCRIPTION");
        Line(Text(root.Description));
        Line(".SH OPTIONS");
        Options(root);
        foreach (var group in root.Subcommands.OfType<Verb>().GroupBy(verb => verb.Group).OrderBy(group => group.Key))
        {
            Line($".SH {Heading(group.Key)}");
            foreach (var verb in group)
            {
                Show(verb, "ha-ctl ");
            }
        }

        Line(".SH EXIT STATUS");
        foreach (var (code, meaning) in s_exitCodes)
        {
            Line($".TP\n.B {code}\n{Text(meaning)}");
        }

        Line(".SH SEE ALSO\n.BR twonodehad (8)");
        return page.ToString();

        void Line(string line) => page.Append(line).Append('\n');

        void Show(Command command, string path)
        {
            var arguments = string.Concat(command.Arguments.Select(argument => $" {argument.Name.ToUpperInvariant()}"));
            Line($".SS {Text(path + command.Name + arguments)}");
            Line(Text(command.Description));
            Options(command);
            foreach (var example in (command as Verb)?.Examples ?? [])
            {
                Line($".PP\n.RS\n.nf\n{Text(example)}\n.fi\n.RE");
            }

            foreach (var sub in command.Subcommands)
            {
                Show(sub, $"{path}{command.Name} ");
            }
        }

        void Options(Command command)
        {
            foreach (var option in command.Options.Where(option => !option.Hidden))
            {
                var value = option.HelpName is { } name ? $" \\fI{Text(name)}\\fR" : "";
                var names = option.Aliases.Where(alias => alias[0] == '-').Order().Prepend(option.Name);
                Line($".TP\n\\fB{Text(string.Join(", ", names))}\\fR{value}\n{Text(option.Description)}");
            }
        }
    }

    private static string Heading(VerbGroup group) => group switch
    {
        VerbGroup.Look => "LOOK",
        VerbGroup.Operate => "OPERATE",
        VerbGroup.Emergency => "EMERGENCY",
        VerbGroup.SetUp => "SET UP",
        _ => "FOR UNITS OF SYSTEMD",
    };

    /// <summary>Escapes what roff would read: backslashes, hyphens, and a control character that begins a line.</summary>
    private static string Text(string? text)
    {
        var escaped = (text ?? "").Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return escaped.StartsWith('.') || escaped.StartsWith('\'') ? "\\&" + escaped : escaped;
    }
}
