# Completion of swarmtop for bash. The tables between `# table NAME` and `# end` are made from the
# program's own: GENERATE=1 make test TESTS=options
# shellcheck shell=bash disable=SC2034,SC2207

# table lists
_swarmtop_commands='watch record report dump emit hook setup doctor status open demo help version'
_swarmtop_prefixes='unix: tcp: otlp: ssh: nats:// claude: codex: qwen: gemini: opencode:'
_swarmtop_operations='hello register_agent unregister_agent start_llm_request end_llm_request start_tool end_tool start_user_input end_user_input start_interaction end_interaction instant counter end_session first_token progress attempt log status hook claude_hook update_session update_agent update_call raw open journal auth'
# end

# Sets keys to the KEY= of an operation.
_swarmtop_keys() { # OPERATION
    keys=
    case $1 in
# table operations
    hello) keys='t= session_id= agent_id= name= parent_session_id=' ;;
    register_agent) keys='t= session_id= agent_id= agent_name= parent_agent_id=' ;;
    unregister_agent) keys='t= session_id= agent_id=' ;;
    start_llm_request) keys='t= session_id= agent_id= span_id= model= prompt_tokens= message_id= is_speculative= query_source=' ;;
    end_llm_request) keys='t= session_id= agent_id= span_id= ttft_ms= ttlt_ms= prompt_tokens= output_tokens= cache_read_tokens= cache_creation_tokens= message_id= request_setup_ms= attempt_start_times= success= error=' ;;
    start_tool) keys='t= session_id= agent_id= span_id= tool_name= args.' ;;
    end_tool) keys='t= session_id= agent_id= span_id= success= error= result_tokens=' ;;
    start_user_input) keys='t= session_id= agent_id= span_id= context=' ;;
    end_user_input) keys='t= session_id= agent_id= span_id= decision= source=' ;;
    start_interaction) keys='t= session_id= agent_id= span_id= user_prompt_length=' ;;
    end_interaction) keys='t= session_id= agent_id= span_id=' ;;
    instant) keys='t= session_id= agent_id= name= cat= args.' ;;
    counter) keys='t= session_id= agent_id= name= values.' ;;
    end_session) keys='t= session_id= agent_id=' ;;
    first_token) keys='t= session_id= agent_id= span_id=' ;;
    progress) keys='t= session_id= agent_id= span_id= output_tokens=' ;;
    attempt) keys='t= session_id= agent_id= span_id= attempt= retry_in_ms= error=' ;;
    log) keys='t= session_id= agent_id= message= level=' ;;
    status) keys='t= session_id= agent_id=' ;;
    hook) keys='t= session_id= agent_id= payload. client= process.' ;;
    claude_hook) keys='t= session_id= agent_id= payload. process.' ;;
    update_session) keys='t= session_id= agent_id= by= precedence= start_ms= end_ms= name= title= custom_title= alias= outcome= cwd= branch= host= client= pid= alive= state= cost_usd= parent_session_id= parent_agent_id=' ;;
    update_agent) keys='t= session_id= agent_id= by= precedence= start_ms= end_ms= name= alias= state= type= description= parent_agent_id=' ;;
    update_call) keys='t= session_id= agent_id= kind= id= by= precedence= start_ms= end_ms= name= alias= outcome= parent_id= args. success= error= model= query_source= message_id= attempt_start_times= retry. ttft_ms= ttlt_ms= request_setup_ms= prompt_tokens= output_tokens= cache_read_tokens= cache_creation_tokens= thought_tokens= context_window= result_tokens= child_agent_id= context= decision= decision_source= prompt_length= may_ask= input_hash=' ;;
    raw) keys='t= session_id= agent_id= event.' ;;
    open) keys='t= session_id= agent_id= start_ms= extra.' ;;
    journal) keys='t= session_id= agent_id=' ;;
    auth) keys='t= session_id= agent_id= token=' ;;
# end
    esac
}

# Sets options to those of a command.
_swarmtop_options() { # COMMAND
    options=
    case $1 in
# table bash-options
    watch) options='--output -o --write-interval --split --tracks --format --no-journal --journal-max --follow -f --max-events --from --to --replay --for --since --content --prices --no-mask --against --port --filter --bell --notify --no-color --ascii --fps --allow-remote --token-file --forward --max-line --config --print-config --help -h --version' ;;
    record) options='--output -o --feed --write-interval --split --tracks --format --no-journal --journal-max --follow -f --max-events --from --to --for --since --content --prices --no-mask --notify --allow-remote --token-file --forward --max-line --config --help -h --version' ;;
    report) options='--follow -f --max-events --from --to --for --since --content --prices --no-mask --json --why --turn --against --fail-if --filter --ascii --allow-remote --token-file --max-line --config --help -h --version' ;;
    dump) options='--follow -f --max-events --from --to --for --since --content --prices --no-mask --against --size --keys --at --format --filter --no-color --ascii --allow-remote --token-file --max-line --config --help -h --version' ;;
    emit) options='--to --session --token-file --config --help -h --version' ;;
    hook) options='--to --client --config --help -h --version' ;;
    setup) options='--config --help -h --version' ;;
    doctor) options='--config --help -h --version' ;;
    status) options='--from --to --since --prices --no-mask --max-line --config --help -h --version' ;;
    open) options='--port --config --help -h --version' ;;
    demo) options='--output -o --write-interval --split --tracks --format --max-events --for --agents --seed --speed --no-captions --port --filter --bell --notify --no-color --ascii --fps --config --help -h --version' ;;
# end
    esac
}

# Sets kind and choices to what an option's value may be; kind is empty if it takes none.
_swarmtop_value() { # COMMAND:OPTION
    kind='' choices=''
    case $1 in
# table bash-values
    watch:--output | watch:-o | record:--output | record:-o | demo:--output | demo:-o) kind='file' choices='' ;;
    record:--feed) kind='file' choices='' ;;
    watch:--write-interval | record:--write-interval | demo:--write-interval) kind='none' choices='' ;;
    watch:--tracks | record:--tracks | demo:--tracks) kind='choice' choices='agent lane' ;;
    watch:--format | record:--format | demo:--format) kind='choice' choices='json perfetto' ;;
    watch:--journal-max | record:--journal-max) kind='none' choices='' ;;
    watch:--max-events | record:--max-events | report:--max-events | dump:--max-events | demo:--max-events) kind='none' choices='' ;;
    watch:--from | record:--from | report:--from | dump:--from | status:--from) kind='none' choices='' ;;
    watch:--to | record:--to | report:--to | dump:--to | status:--to) kind='none' choices='' ;;
    watch:--replay) kind='none' choices='' ;;
    watch:--for | record:--for | report:--for | dump:--for | demo:--for) kind='none' choices='' ;;
    watch:--since | record:--since | report:--since | dump:--since | status:--since) kind='none' choices='' ;;
    watch:--prices | record:--prices | report:--prices | dump:--prices | status:--prices) kind='file' choices='' ;;
    report:--turn) kind='none' choices='' ;;
    watch:--against | report:--against | dump:--against) kind='source' choices='' ;;
    report:--fail-if) kind='none' choices='' ;;
    dump:--size) kind='none' choices='' ;;
    dump:--keys) kind='none' choices='' ;;
    dump:--at) kind='none' choices='' ;;
    dump:--format) kind='choice' choices='text ansi svg' ;;
    emit:--to | hook:--to) kind='address' choices='' ;;
    hook:--client) kind='choice' choices='claude codex qwen gemini' ;;
    emit:--session) kind='none' choices='' ;;
    demo:--agents) kind='none' choices='' ;;
    demo:--seed) kind='none' choices='' ;;
    demo:--speed) kind='none' choices='' ;;
    watch:--port | open:--port | demo:--port) kind='none' choices='' ;;
    watch:--filter | report:--filter | dump:--filter | demo:--filter) kind='none' choices='' ;;
    watch:--notify | record:--notify | demo:--notify) kind='none' choices='' ;;
    watch:--fps | demo:--fps) kind='none' choices='' ;;
    watch:--token-file | record:--token-file | report:--token-file | dump:--token-file | emit:--token-file) kind='file' choices='' ;;
    watch:--forward | record:--forward) kind='none' choices='' ;;
    watch:--max-line | record:--max-line | report:--max-line | dump:--max-line | status:--max-line) kind='none' choices='' ;;
    watch:--config | record:--config | report:--config | dump:--config | emit:--config | hook:--config | setup:--config | doctor:--config | status:--config | open:--config | demo:--config) kind='file' choices='' ;;
# end
    esac
}

# Sets kind and choices to what a command's argument may be.
_swarmtop_argument() { # COMMAND
    kind=none choices=''
    case $1 in
# table arguments
    watch) kind='source' choices='' ;;
    record) kind='source' choices='' ;;
    report) kind='source' choices='' ;;
    dump) kind='source' choices='' ;;
    emit) kind='operation' choices='' ;;
    hook) kind='none' choices='' ;;
    setup) kind='choice' choices='claude codex gemini qwen copilot vscode opencode python otel' ;;
    doctor) kind='none' choices='' ;;
    status) kind='source' choices='' ;;
    open) kind='file' choices='' ;;
    demo) kind='none' choices='' ;;
# end
    esac
}

# Sets words to the command line up to the cursor. bash splits at ':' and '=', which are parts of
# `claude:DIR` and `--tracks=lane`; pieces without a blank between them are joined again.
_swarmtop_words() {
    local line=${COMP_LINE-} piece rest joined i
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]} joined=
        if [[ -n ${COMP_LINE-} ]]; then
            rest=${line#"${line%%[![:space:]]*}"}
            [[ $i -gt 0 && -n $line && $rest == "$line" ]] && joined=yes
            line=${rest#"$piece"}
        elif [[ $i -gt 0 && ($piece == [:=]* || ${COMP_WORDS[i - 1]} == *[:=]) ]]; then
            joined=yes
        fi
        if [[ $joined ]]; then
            words[${#words[@]} - 1]+=$piece
        else
            words+=("$piece")
        fi
    done
}

# Adds the choices that begin with the text at the cursor, after a part of it that is left alone.
_swarmtop_add() { # CHOICES TEXT [PART]
    local choice
    for choice in $1; do
        [[ $choice == "$2"* ]] && COMPREPLY+=("${3-}$choice")
    done
}

_swarmtop_files() { # TEXT [PART]
    local file found=
    while IFS= read -r file; do
        COMPREPLY+=("${2-}$file") found=yes
    done < <(compgen -f -- "$1")
    # It would write `otlp:` as `otlp\:`.
    [[ $found ]] && compopt -o filenames 2>/dev/null
}

_swarmtop_offer() { # KIND CHOICES TEXT [PART]
    local part
    case $1 in
    choice) _swarmtop_add "$2" "$3" "${4-}" ;;
    operation) _swarmtop_add "$_swarmtop_operations" "$3" ;;
    file) _swarmtop_files "$3" "${4-}" ;;
    source | address)
        for part in $_swarmtop_prefixes; do
            [[ $3 == "$part"* ]] && { _swarmtop_files "${3#"$part"}" "${4-}$part"; return; }
        done
        if [[ $1 == source ]]; then
            _swarmtop_add "$_swarmtop_prefixes" "$3" "${4-}"
            _swarmtop_files "$3" "${4-}"
        else
            _swarmtop_add 'unix: tcp:' "$3" "${4-}"
        fi
        ;;
    esac
}

# bash replaces the text after the last ':' or '=' that splits words for it.
_swarmtop_trim() { # TEXT
    local break part='' longer i
    for break in : =; do
        [[ $1 == *"$break"* && ${COMP_WORDBREAKS-} == *"$break"* ]] || continue
        longer=${1%"${1##*"$break"}"}
        [[ ${#longer} -gt ${#part} ]] && part=$longer
    done
    for i in "${!COMPREPLY[@]}"; do
        COMPREPLY[i]=${COMPREPLY[i]#"$part"}
    done
}

_swarmtop() {
    local -a words
    local command=watch command_at=0 cur options kind choices keys operation='' ended='' i
    COMPREPLY=()
    _swarmtop_words
    local last=$((${#words[@]} - 1))
    cur=${words[last]}

    # The command, and the operation of `emit`: arguments that are no option's value.
    local arguments=0 before=''
    for ((i = 1; i < last; i++)); do
        _swarmtop_value "$command:${words[i - 1]}"
        if [[ $i -gt 1 && $kind && ! $ended ]]; then
            continue
        elif [[ ${words[i]} == -- ]]; then
            ended=yes
        elif [[ ${words[i]} == -?* && ! $ended ]]; then
            continue
        elif [[ $arguments == 0 && " $_swarmtop_commands " == *" ${words[i]} "* ]]; then
            command=${words[i]} command_at=$i arguments=1
        else
            [[ $command_at -gt 0 && ! $operation ]] && operation=${words[i]}
            arguments=$((arguments + 1))
        fi
    done

    before=${words[last - 1]}
    _swarmtop_value "$command:$before"
    if [[ $last -gt 1 && $kind && ! $ended ]]; then
        _swarmtop_offer "$kind" "$choices" "$cur"
    elif [[ $cur == --*=* && ! $ended ]]; then
        _swarmtop_value "$command:${cur%%=*}"
        _swarmtop_offer "$kind" "$choices" "${cur#*=}" "${cur%%=*}="
    elif [[ $cur == -* && ! $ended ]]; then
        _swarmtop_options "$command"
        _swarmtop_add "$options" "$cur"
    elif [[ $command == help ]]; then
        [[ $operation ]] || _swarmtop_add "$_swarmtop_commands" "$cur"
    else
        [[ $arguments == 0 ]] && _swarmtop_add "$_swarmtop_commands" "$cur"
        _swarmtop_argument "$command"
        if [[ $kind == operation && $operation ]]; then
            _swarmtop_keys "$operation"
            _swarmtop_add "$keys" "$cur"
        else
            _swarmtop_offer "$kind" "$choices" "$cur"
        fi
    fi
    _swarmtop_trim "$cur"
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:=.] ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -F _swarmtop swarmtop
