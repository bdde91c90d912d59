# bash completion for ha-ctl; installed as /usr/share/bash-completion/completions/ha-ctl
_ha_ctl() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} verb= index words
    for ((index = 1; index < COMP_CWORD; index++)); do
        case ${COMP_WORDS[index]} in
            --config|--socket|--timeout) ((index++)) ;;
            -*) ;;
            *) verb=${COMP_WORDS[index]}; break ;;
        esac
    done
    case $previous in
        --config|--socket|--file) COMPREPLY=($(compgen -f -- "$word")); return ;;
        --for) COMPREPLY=($(compgen -W "90s 30m 2h 1d" -- "$word")); return ;;
        --timeout|--last|--reason) return ;;
    esac
    case $verb in
        "") words="status enable disable maintenance events check timeline takeover fence guard depart keygen version completion --help" ;;
        status) words="--watch" ;;
        disable) words="--for --reason" ;;
        maintenance) words="on off" ;;
        events) words="--last --follow" ;;
        takeover) words="--peer-is-dead" ;;
        fence) words="self --yes" ;;
        keygen) words="--file --force" ;;
        completion) words="bash zsh fish" ;;
        *) words= ;;
    esac
    COMPREPLY=($(compgen -W "$words --config --socket --timeout --json" -- "$word"))
}
complete -F _ha_ctl ha-ctl
