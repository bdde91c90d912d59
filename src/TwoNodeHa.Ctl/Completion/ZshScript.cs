using System.CommandLine;
using System.Text;

namespace TwoNodeHa.Ctl.Completion;

/// <summary>Completion for zsh.</summary>
internal static class ZshScript
{
    public static string Of(Command root)
    {
        var text = new StringBuilder();
        text.Append("#compdef ha-ctl\n# zsh completion for ha-ctl, made by: ha-ctl completion zsh\n");
        text.Append("# Installed as /usr/share/zsh/site-functions/_ha-ctl\n_ha_ctl() {\n    local -a common verbs\n    common=(\n");
        foreach (var option in CompletionScript.CommonOptions(root))
        {
            text.Append("        ").Append(Argument(option)).Append('\n');
        }

        text.Append("    )\n    verbs=(\n");
        foreach (var verb in root.Subcommands)
        {
            text.Append($"        '{verb.Name}:{Escaped(verb.Description)}'\n");
        }

        text.Append(
            """
                )
                _arguments -C $common '1:verb:->verb' '*::argument:->argument' && return
                case $state in
                    verb) _describe 'verb' verbs ;;
                    argument)
                        case $words[1] in

            """);
        foreach (var verb in root.Subcommands)
        {
            text.Append($"                {verb.Name}) _arguments $common");
            if (CompletionScript.WordsBehind(verb) is { Length: > 0 } words)
            {
                text.Append($" '1:word:({string.Join(' ', words.Select(entry => entry.Word))})'");
            }

            foreach (var option in CompletionScript.OptionsBehind(verb))
            {
                text.Append(' ').Append(Argument(option));
            }

            text.Append(" ;;\n");
        }

        text.Append("            esac ;;\n    esac\n}\n_ha_ctl \"$@\"\n");
        return text.ToString();
    }

    private static string Argument(Option option)
    {
        var words = CompletionScript.Words(option);
        var value = CompletionScript.TakesFile(option) ? ":file:_files"
            : words.Length > 0 ? $":value:({string.Join(' ', words)})"
            : CompletionScript.TakesValue(option) ? ":value:" : "";
        return $"'{option.Name}[{Escaped(option.Description)}]{value}'";
    }

    /// <summary>The marks of <c>_arguments</c> and <c>_describe</c> are taken out, not escaped: a description needs none.</summary>
    private static string Escaped(string? text) => (text ?? "").Replace("'", "", StringComparison.Ordinal)
        .Replace(":", " -", StringComparison.Ordinal).Replace("[", "(", StringComparison.Ordinal).Replace("]", ")", StringComparison.Ordinal);
}
