# bash completion for ha-ctl, made by: ha-ctl completion bash
# Installed as /usr/share/bash-completion/completions/ha-ctl
_ha_ctl() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} verb= index words
    for ((index = 1; index < COMP_CWORD; index++)); do
        case ${COMP_WORDS[index]} in
            --config|--socket|--timeout|--wait|--for|--reason|--last|--with|--ssh|--html|--incident|--until|--limit|--vm|--lose|--since|--out|--gateway|--file) ((index++)) ;;
            -*) ;;
            *) verb=${COMP_WORDS[index]}; break ;;
        esac
    done
    case $previous in
        --for) COMPREPLY=($(compgen -W "1d 2h 30m 90s" -- "$word")); return ;;
        --until) COMPREPLY=($(compgen -W "2h 30m 90s" -- "$word")); return ;;
        --limit) COMPREPLY=($(compgen -W "2h 30m 90s" -- "$word")); return ;;
        --config|--socket|--with|--html|--incident|--out|--file) COMPREPLY=($(compgen -f -- "$word")); return ;;
        --timeout|--wait|--reason|--last|--ssh|--vm|--lose|--since|--gateway) return ;;
    esac
    case $verb in
        "") words="status enable disable maintenance vm events explain check timeline simulate drill incident config fleet takeover fence guard depart init restore import-ha-lizard keygen version completion --help" ;;
        status) words="--watch --verbose" ;;
        enable) words="--wait" ;;
        disable) words="--for --reason --wait" ;;
        maintenance) words="on off --for --reason --keep-master --wait" ;;
        vm) words="list show protect unprotect --wait" ;;
        events) words="--last --follow" ;;
        explain) words="--with --ssh --alone --html" ;;
        check) words="--offline --file-only" ;;
        timeline) words="" ;;
        simulate) words="--incident --until --html" ;;
        drill) words="handover fence failover report --yes --with --ssh --alone --html --limit --vm --all-vms --promote --lose --by-agent" ;;
        incident) words="export --since --until --out --with --ssh --alone --keep-addresses" ;;
        config) words="diff --with --ssh" ;;
        fleet) words="--limit" ;;
        takeover) words="--peer-is-dead --something-else-answers" ;;
        fence) words="self peer --yes" ;;
        guard) words="" ;;
        depart) words="--power-off" ;;
        init) words="--gateway --ssh --paste --join --force" ;;
        restore) words="--ssh --paste --line" ;;
        import-ha-lizard) words="--file --write" ;;
        keygen) words="--file --force" ;;
        version) words="" ;;
        completion) words="bash fish zsh" ;;
        *) words= ;;
    esac
    COMPREPLY=($(compgen -W "$words --config --socket --timeout --json" -- "$word"))
}
complete -F _ha_ctl ha-ctl
