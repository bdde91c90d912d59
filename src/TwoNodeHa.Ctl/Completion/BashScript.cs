using System.CommandLine;
using System.Text;

namespace TwoNodeHa.Ctl.Completion;

/// <summary>Completion for bash.</summary>
internal static class BashScript
{
    public static string Of(Command root)
    {
        Option[] common = [.. CompletionScript.CommonOptions(root)];
        Option[] all = [.. common.Concat(root.Subcommands.SelectMany(CompletionScript.OptionsBehind)).DistinctBy(option => option.Name)];
        Option[] valued = [.. all.Where(CompletionScript.TakesValue)];
        var text = new StringBuilder();
        text.Append(
            """
            # bash completion for ha-ctl, made by: ha-ctl completion bash
            # Installed as /usr/share/bash-completion/completions/ha-ctl
            _ha_ctl() {
                local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} verb= index words
                for ((index = 1; index < COMP_CWORD; index++)); do
                    case ${COMP_WORDS[index]} in

            """);
        text.Append("            ").AppendJoin('|', valued.Select(option => option.Name)).Append(") ((index++)) ;;\n");
        text.Append(
            """
                        -*) ;;
                        *) verb=${COMP_WORDS[index]}; break ;;
                    esac
                done
                case $previous in

            """);
        foreach (var option in valued.Where(option => !CompletionScript.TakesFile(option) && CompletionScript.Words(option).Length > 0))
        {
            text.Append($"        {option.Name}) COMPREPLY=($(compgen -W \"{string.Join(' ', CompletionScript.Words(option))}\" -- \"$word\")); return ;;\n");
        }

        text.Append("        ").AppendJoin('|', valued.Where(CompletionScript.TakesFile).Select(option => option.Name))
            .Append(") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n");
        text.Append("        ").AppendJoin('|', valued.Where(option => !CompletionScript.TakesFile(option)
            && CompletionScript.Words(option).Length == 0).Select(option => option.Name)).Append(") return ;;\n");
        text.Append("    esac\n    case $verb in\n");
        text.Append($"        \"\") words=\"{string.Join(' ', root.Subcommands.Select(verb => verb.Name))} --help\" ;;\n");
        foreach (var verb in root.Subcommands)
        {
            var words = CompletionScript.WordsBehind(verb).Select(entry => entry.Word)
                .Concat(CompletionScript.OptionsBehind(verb).Select(option => option.Name));
            text.Append($"        {verb.Name}) words=\"{string.Join(' ', words)}\" ;;\n");
        }

        text.Append("        *) words= ;;\n    esac\n");
        text.Append($"    COMPREPLY=($(compgen -W \"$words {string.Join(' ', common.Select(option => option.Name))}\" -- \"$word\"))\n");
        text.Append("}\ncomplete -F _ha_ctl ha-ctl\n");
        return text.ToString();
    }
}
