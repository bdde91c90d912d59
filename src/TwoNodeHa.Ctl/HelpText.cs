using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl;

/// <summary>Help: of ha-ctl itself the verbs by group, of a verb the library's page with examples below.</summary>
internal sealed class HelpText(HelpAction standard) : SynchronousCommandLineAction
{
    private static readonly (VerbGroup Group, string Title)[] s_groups =
    [
        (VerbGroup.Look, "Look"),
        (VerbGroup.Operate, "Operate"),
        (VerbGroup.Emergency, "In an emergency"),
        (VerbGroup.SetUp, "Set up"),
        (VerbGroup.Units, "For units of systemd"),
    ];

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command;
        if (command is RootCommand root)
        {
            Write(root, output);
            return 0;
        }

        var code = standard.Invoke(parseResult);
        if (command is Verb { Examples.Length: > 0 } verb)
        {
            output.WriteLine("Examples:");
            foreach (var example in verb.Examples)
            {
                output.WriteLine("  " + example);
            }

            output.WriteLine();
        }

        return code;
    }

    /// <summary>The page of ha-ctl itself.</summary>
    public static void Write(RootCommand root, TextWriter output)
    {
        output.WriteLine(root.Description);
        output.WriteLine("\nUsage: ha-ctl VERB [options]     ha-ctl VERB --help shows options and examples");
        foreach (var (group, title) in s_groups)
        {
            output.WriteLine($"\n{title}:");
            foreach (var verb in root.Subcommands.OfType<Verb>().Where(verb => verb.Group == group))
            {
                output.WriteLine($"  {verb.Name,-12} {verb.Description}");
            }
        }

        output.WriteLine("\nOptions of every verb:");
        foreach (var option in root.Options.Where(option => option.Recursive && option is not HelpOption))
        {
            output.WriteLine($"  {option.Name + (option.HelpName is { } value ? " " + value : ""),-18} {option.Description}");
        }

        output.WriteLine("\nNew here? ha-ctl status says whether a failure is covered, ha-ctl check why not.");
    }
}
