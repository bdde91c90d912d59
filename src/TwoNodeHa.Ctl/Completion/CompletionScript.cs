using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;

namespace TwoNodeHa.Ctl.Completion;

/// <summary>Completion scripts of the shells, made from the command tree.</summary>
internal static class CompletionScript
{
    /// <summary>The script of <c>bash</c>, <c>zsh</c> or <c>fish</c>.</summary>
    public static string Of(string shell, Command root) => shell switch
    {
        "bash" => BashScript.Of(root),
        "zsh" => ZshScript.Of(root),
        _ => FishScript.Of(root),
    };

    /// <summary>Options of a command itself, without those of every verb and without help.</summary>
    public static IEnumerable<Option> OwnOptions(Command command) =>
        command.Options.Where(option => !option.Recursive && option is not (HelpOption or VersionOption));

    /// <summary>Options that every verb has.</summary>
    public static IEnumerable<Option> CommonOptions(Command root) =>
        root.Options.Where(option => option.Recursive && option is not HelpOption);

    /// <summary>The option takes a value.</summary>
    public static bool TakesValue(Option option) => option.ValueType != typeof(bool);

    /// <summary>Its value is a path.</summary>
    public static bool TakesFile(Option option) => option.HelpName == "FILE";

    /// <summary>Words that are offered for a value; empty when any text will do.</summary>
    public static string[] Words(Symbol symbol) => TakesWords(symbol)
        ? [.. symbol.GetCompletions(CompletionContext.Empty).Select(item => item.Label)]
        : [];

    /// <summary>Words that may stand behind a verb: its sub-commands, or the values of its argument.</summary>
    public static (string Word, string Description)[] WordsBehind(Command verb) =>
    [
        .. verb.Subcommands.Select(sub => (sub.Name, sub.Description ?? "")),
        .. verb.Arguments.SelectMany(Words).Select(word => (word, "")),
    ];

    /// <summary>Own options of a verb and of its sub-commands, each name once.</summary>
    public static Option[] OptionsBehind(Command verb) =>
        [.. OwnOptions(verb).Concat(verb.Subcommands.SelectMany(OwnOptions)).DistinctBy(option => option.Name)];

    private static bool TakesWords(Symbol symbol) => symbol switch
    {
        Option option => TakesValue(option) && option.CompletionSources.Count > 0,
        _ => true,
    };
}
