using System.CommandLine;
using System.Text;

namespace TwoNodeHa.Ctl.Completion;

/// <summary>Completion for fish.</summary>
internal static class FishScript
{
    public static string Of(Command root)
    {
        var text = new StringBuilder();
        text.Append("# fish completion for ha-ctl, made by: ha-ctl completion fish\n");
        text.Append("# Installed as /usr/share/fish/vendor_completions.d/ha-ctl.fish\n");
        text.Append("complete -c ha-ctl -f\n");
        foreach (var option in CompletionScript.CommonOptions(root))
        {
            Append(text, "", option);
        }

        foreach (var verb in root.Subcommands)
        {
            text.Append($"complete -c ha-ctl -n __fish_use_subcommand -a {verb.Name} -d {Quoted(verb.Description)}\n");
        }

        foreach (var verb in root.Subcommands)
        {
            var condition = $" -n '__fish_seen_subcommand_from {verb.Name}'";
            foreach (var (word, description) in CompletionScript.WordsBehind(verb))
            {
                text.Append($"complete -c ha-ctl{condition} -a {word}{(description.Length > 0 ? " -d " + Quoted(description) : "")}\n");
            }

            foreach (var option in CompletionScript.OptionsBehind(verb))
            {
                Append(text, condition, option);
            }
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string condition, Option option)
    {
        text.Append($"complete -c ha-ctl{condition} -l {option.Name.TrimStart('-')}");
        foreach (var alias in option.Aliases)
        {
            text.Append($" -s {alias.TrimStart('-')}");
        }

        if (CompletionScript.TakesFile(option))
        {
            text.Append(" -r -F");
        }
        else if (CompletionScript.TakesValue(option))
        {
            text.Append(CompletionScript.Words(option) is { Length: > 0 } words ? $" -x -a '{string.Join(' ', words)}'" : " -x");
        }

        text.Append($" -d {Quoted(option.Description)}\n");
    }

    private static string Quoted(string? text) => $"'{(text ?? "").Replace("'", "\\'", StringComparison.Ordinal)}'";
}
