# Completion of swarmtop for fish. The tables between `# table NAME` and `# end` are made from the
# program's own: GENERATE=1 make test TESTS=options

# table fish-lists
set -g __swarmtop_commands watch record report dump emit hook setup doctor status open demo
set -g __swarmtop_prefixes unix: tcp: otlp: ssh: nats:// claude: codex: qwen: gemini: opencode:
set -g __swarmtop_operations hello register_agent unregister_agent start_llm_request end_llm_request start_tool end_tool start_user_input end_user_input start_interaction end_interaction instant counter end_session first_token progress attempt log status hook claude_hook update_session update_agent update_call raw open journal auth
# end

# Prints the command, `watch` if the line has none.
function __swarmtop_command
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if contains -- $word $__swarmtop_commands help
            echo $word
            return
        end
    end
    echo watch
end

# Succeeds if the line is of one of these commands.
function __swarmtop_is
    contains -- (__swarmtop_command) $argv
end

# Succeeds before the command.
function __swarmtop_first
    set -l words (commandline -opc)
    for word in $words[2..-1]
        contains -- $word $__swarmtop_commands help; and return 1
    end
    return 0
end

# Succeeds if COMMAND has this operation, or none yet.
function __swarmtop_operation # COMMAND [OPERATION]
    __swarmtop_is $argv[1]; or return 1
    set -l words (commandline -opc)
    set -l found
    for word in $words[2..-1]
        contains -- $word $__swarmtop_operations; and set found $word
    end
    test "$found" = "$argv[2]"
end

complete -c swarmtop -f
complete -c swarmtop -n __swarmtop_first -a help -d 'shows the help of a command'
complete -c swarmtop -n __swarmtop_first -a version -d 'shows the version'
complete -c swarmtop -n '__swarmtop_is help' -a '$__swarmtop_commands'
# table fish-commands
complete -c swarmtop -n '__swarmtop_first' -a watch -d 'the live screen'
complete -c swarmtop -n '__swarmtop_first' -a record -d 'records without a screen until the sources end or a signal arrives'
complete -c swarmtop -n '__swarmtop_first' -a report -d 'reads the sources to their end and prints statistics'
complete -c swarmtop -n '__swarmtop_first' -a dump -d 'reads the sources to their end and prints one frame of the screen'
complete -c swarmtop -n '__swarmtop_first' -a emit -d 'sends one feed operation to a running swarmtop'
complete -c swarmtop -n '__swarmtop_first' -a hook -d 'a hook for a client'
complete -c swarmtop -n '__swarmtop_first' -a setup -d 'prints settings that make a client report to swarmtop'
complete -c swarmtop -n '__swarmtop_first' -a doctor -d 'checks sources, addresses, settings and terminal, and what to change'
complete -c swarmtop -n '__swarmtop_first' -a status -d 'one line for a status bar'
complete -c swarmtop -n '__swarmtop_first' -a open -d 'serves a trace to ui.perfetto.dev, and prints the link'
complete -c swarmtop -n '__swarmtop_first' -a demo -d 'shows a simulated swarm that sends a real feed'
# end
# table fish-arguments
complete -c swarmtop -n '__swarmtop_is watch' -F -a '$__swarmtop_prefixes'
complete -c swarmtop -n '__swarmtop_is record' -F -a '$__swarmtop_prefixes'
complete -c swarmtop -n '__swarmtop_is report' -F -a '$__swarmtop_prefixes'
complete -c swarmtop -n '__swarmtop_is dump' -F -a '$__swarmtop_prefixes'
complete -c swarmtop -n '__swarmtop_is setup' -a 'claude codex gemini qwen copilot vscode opencode python otel'
complete -c swarmtop -n '__swarmtop_is status' -F -a '$__swarmtop_prefixes'
complete -c swarmtop -n '__swarmtop_is open' -F
# end
# table fish-options
complete -c swarmtop -n '__swarmtop_is watch record demo' -l output -s o -r -F -d 'write the trace to FILE'
complete -c swarmtop -n '__swarmtop_is record' -l feed -r -F -d 'also write what the model is given to FILE, as a feed'
complete -c swarmtop -n '__swarmtop_is watch record demo' -l write-interval -x -d 'also write the trace every S seconds while it is recorded'
complete -c swarmtop -n '__swarmtop_is watch record demo' -l split -d 'write one file per session'
complete -c swarmtop -n '__swarmtop_is watch record demo' -l tracks -x -a 'agent lane' -d 'one thread per agent, or extra threads for overlapping spans'
complete -c swarmtop -n '__swarmtop_is watch record demo' -l format -x -a 'json perfetto' -d 'the Chrome Trace, or Perfetto\'s protobuf'
complete -c swarmtop -n '__swarmtop_is watch record' -l no-journal -d 'keep no journal for the case that swarmtop is killed'
complete -c swarmtop -n '__swarmtop_is watch record' -l journal-max -x -d 'let the journal have at most BYTES'
complete -c swarmtop -n '__swarmtop_is watch record report dump' -l follow -s f -d 'follow files as they grow'
complete -c swarmtop -n '__swarmtop_is watch record report dump demo' -l max-events -x -d 'keep at most N events in memory'
complete -c swarmtop -n '__swarmtop_is watch record report dump status' -l from -x -d 'ignore everything before TIME'
complete -c swarmtop -n '__swarmtop_is watch record report dump status' -l to -x -d 'ignore everything after TIME'
complete -c swarmtop -n '__swarmtop_is watch' -l replay -x -d 'replay finished sources in real time'
complete -c swarmtop -n '__swarmtop_is watch record report dump demo' -l for -x -d 'stop after SECONDS'
complete -c swarmtop -n '__swarmtop_is watch record report dump status' -l since -x -d 'with a bare claude'
complete -c swarmtop -n '__swarmtop_is watch record report dump' -l content -d 'keep prompts, and inputs and results of tools'
complete -c swarmtop -n '__swarmtop_is watch record report dump status' -l prices -r -F -d 'estimate costs by the prices of models in FILE'
complete -c swarmtop -n '__swarmtop_is watch record report dump status' -l no-mask -d 'keep what looks like keys and passwords'
complete -c swarmtop -n '__swarmtop_is report' -l json -d 'print one JSON object instead of tables'
complete -c swarmtop -n '__swarmtop_is report' -l why -d 'print what decided how long each turn took, longest first'
complete -c swarmtop -n '__swarmtop_is report' -l turn -x -d 'print --why for the N-th turn of each agent alone'
complete -c swarmtop -n '__swarmtop_is watch report dump' -l against -r -F -a '$__swarmtop_prefixes' -d 'compare with OTHER, a source or a saved report --json'
complete -c swarmtop -n '__swarmtop_is report' -l fail-if -x -d 'exit with status 3 if a figure of report --json is so'
complete -c swarmtop -n '__swarmtop_is dump' -l size -x -d 'size of the frame'
complete -c swarmtop -n '__swarmtop_is dump' -l keys -x -d 'press these keys first'
complete -c swarmtop -n '__swarmtop_is dump' -l at -x -d 'show the screen at TIME'
complete -c swarmtop -n '__swarmtop_is dump' -l format -x -a 'text ansi svg' -d 'plain text, text with colours, or an image'
complete -c swarmtop -n '__swarmtop_is emit hook' -l to -r -F -a 'unix: tcp:' -d 'send to unix'
complete -c swarmtop -n '__swarmtop_is hook' -l client -x -a 'claude codex qwen gemini' -d 'the client'
complete -c swarmtop -n '__swarmtop_is emit' -l session -x -d 'session id'
complete -c swarmtop -n '__swarmtop_is demo' -l agents -x -d 'number of agents'
complete -c swarmtop -n '__swarmtop_is demo' -l seed -x -d 'random seed'
complete -c swarmtop -n '__swarmtop_is demo' -l speed -x -d 'run X times as fast'
complete -c swarmtop -n '__swarmtop_is demo' -l no-captions -d 'leave out the line that explains what the screen shows'
complete -c swarmtop -n '__swarmtop_is watch open demo' -l port -x -d 'serve the trace of open and O on port N'
complete -c swarmtop -n '__swarmtop_is watch report dump demo' -l filter -x -d 'show only what matches EXPR, as at the filter prompt'
complete -c swarmtop -n '__swarmtop_is watch demo' -l bell -d 'ring the terminal\'s bell and show a notice'
complete -c swarmtop -n '__swarmtop_is watch record demo' -l notify -x -d 'run CMD by sh then, with the facts in $SWARMTOP_EVENT, $SWARMTOP_TEXT and so on, and as JSON on its stdin'
complete -c swarmtop -n '__swarmtop_is watch dump demo' -l no-color -d 'use no colour'
complete -c swarmtop -n '__swarmtop_is watch report dump demo' -l ascii -d 'use ASCII characters only'
complete -c swarmtop -n '__swarmtop_is watch demo' -l fps -x -d 'draw at most N frames per second'
complete -c swarmtop -n '__swarmtop_is watch record report dump' -l allow-remote -d 'let tcp'
complete -c swarmtop -n '__swarmtop_is watch record report dump emit' -l token-file -r -F -d 'FILE\'s first line is the token that tcp'
complete -c swarmtop -n '__swarmtop_is watch record' -l forward -x -d 'pass OpenTelemetry that comes in on, unchanged, to the receiver at http'
complete -c swarmtop -n '__swarmtop_is watch record report dump status' -l max-line -x -d 'drop lines longer than BYTES'
complete -c swarmtop -l config -r -F -d 'read options and keys from FILE'
complete -c swarmtop -n '__swarmtop_is watch' -l print-config -d 'print the options and keys of a config file, commented'
complete -c swarmtop -l help -s h -d 'show this help'
complete -c swarmtop -l version -d 'show the version'
# end
# table fish-operations
complete -c swarmtop -n '__swarmtop_operation emit' -a hello -d 'open a session'
complete -c swarmtop -n '__swarmtop_operation emit hello' -a 't= session_id= agent_id= name= parent_session_id='
complete -c swarmtop -n '__swarmtop_operation emit' -a register_agent -d 'an agent begins'
complete -c swarmtop -n '__swarmtop_operation emit register_agent' -a 't= session_id= agent_id= agent_name= parent_agent_id='
complete -c swarmtop -n '__swarmtop_operation emit' -a unregister_agent -d 'an agent ends'
complete -c swarmtop -n '__swarmtop_operation emit unregister_agent' -a 't= session_id= agent_id='
complete -c swarmtop -n '__swarmtop_operation emit' -a start_llm_request -d 'a request to a model begins'
complete -c swarmtop -n '__swarmtop_operation emit start_llm_request' -a 't= session_id= agent_id= span_id= model= prompt_tokens= message_id= is_speculative= query_source='
complete -c swarmtop -n '__swarmtop_operation emit' -a end_llm_request -d 'a request ends'
complete -c swarmtop -n '__swarmtop_operation emit end_llm_request' -a 't= session_id= agent_id= span_id= ttft_ms= ttlt_ms= prompt_tokens= output_tokens= cache_read_tokens= cache_creation_tokens= message_id= request_setup_ms= attempt_start_times= success= error='
complete -c swarmtop -n '__swarmtop_operation emit' -a start_tool -d 'a tool begins'
complete -c swarmtop -n '__swarmtop_operation emit start_tool' -a 't= session_id= agent_id= span_id= tool_name= args.'
complete -c swarmtop -n '__swarmtop_operation emit' -a end_tool -d 'a tool ends'
complete -c swarmtop -n '__swarmtop_operation emit end_tool' -a 't= session_id= agent_id= span_id= success= error= result_tokens='
complete -c swarmtop -n '__swarmtop_operation emit' -a start_user_input -d 'waiting for a person begins'
complete -c swarmtop -n '__swarmtop_operation emit start_user_input' -a 't= session_id= agent_id= span_id= context='
complete -c swarmtop -n '__swarmtop_operation emit' -a end_user_input -d 'waiting for a person ends'
complete -c swarmtop -n '__swarmtop_operation emit end_user_input' -a 't= session_id= agent_id= span_id= decision= source='
complete -c swarmtop -n '__swarmtop_operation emit' -a start_interaction -d 'a turn begins'
complete -c swarmtop -n '__swarmtop_operation emit start_interaction' -a 't= session_id= agent_id= span_id= user_prompt_length='
complete -c swarmtop -n '__swarmtop_operation emit' -a end_interaction -d 'a turn ends'
complete -c swarmtop -n '__swarmtop_operation emit end_interaction' -a 't= session_id= agent_id= span_id='
complete -c swarmtop -n '__swarmtop_operation emit' -a instant -d 'a moment worth a mark'
complete -c swarmtop -n '__swarmtop_operation emit instant' -a 't= session_id= agent_id= name= cat= args.'
complete -c swarmtop -n '__swarmtop_operation emit' -a counter -d 'values of a counter'
complete -c swarmtop -n '__swarmtop_operation emit counter' -a 't= session_id= agent_id= name= values.'
complete -c swarmtop -n '__swarmtop_operation emit' -a end_session -d 'close all open spans of a session'
complete -c swarmtop -n '__swarmtop_operation emit end_session' -a 't= session_id= agent_id='
complete -c swarmtop -n '__swarmtop_operation emit' -a first_token -d 'an open request\'s first token came'
complete -c swarmtop -n '__swarmtop_operation emit first_token' -a 't= session_id= agent_id= span_id='
complete -c swarmtop -n '__swarmtop_operation emit' -a progress -d 'tokens that an open request has brought so far'
complete -c swarmtop -n '__swarmtop_operation emit progress' -a 't= session_id= agent_id= span_id= output_tokens='
complete -c swarmtop -n '__swarmtop_operation emit' -a attempt -d 'an open request is tried again'
complete -c swarmtop -n '__swarmtop_operation emit attempt' -a 't= session_id= agent_id= span_id= attempt= retry_in_ms= error='
complete -c swarmtop -n '__swarmtop_operation emit' -a log -d 'a line for the event log'
complete -c swarmtop -n '__swarmtop_operation emit log' -a 't= session_id= agent_id= message= level='
complete -c swarmtop -n '__swarmtop_operation emit' -a status -d 'asks how the swarm is'
complete -c swarmtop -n '__swarmtop_operation emit status' -a 't= session_id= agent_id='
complete -c swarmtop -n '__swarmtop_operation emit' -a hook -d 'a payload that a client passed to its hook'
complete -c swarmtop -n '__swarmtop_operation emit hook' -a 't= session_id= agent_id= payload. client= process.'
complete -c swarmtop -n '__swarmtop_operation emit' -a claude_hook -d 'the older name of hook with client=claude'
complete -c swarmtop -n '__swarmtop_operation emit claude_hook' -a 't= session_id= agent_id= payload. process.'
complete -c swarmtop -n '__swarmtop_operation emit' -a update_session -d 'set facts of a session'
complete -c swarmtop -n '__swarmtop_operation emit update_session' -a 't= session_id= agent_id= by= precedence= start_ms= end_ms= name= title= custom_title= alias= outcome= cwd= branch= host= client= pid= alive= state= cost_usd= parent_session_id= parent_agent_id='
complete -c swarmtop -n '__swarmtop_operation emit' -a update_agent -d 'set facts of an agent'
complete -c swarmtop -n '__swarmtop_operation emit update_agent' -a 't= session_id= agent_id= by= precedence= start_ms= end_ms= name= alias= state= type= description= parent_agent_id='
complete -c swarmtop -n '__swarmtop_operation emit' -a update_call -d 'set facts of a request, tool, wait, turn or span'
complete -c swarmtop -n '__swarmtop_operation emit update_call' -a 't= session_id= agent_id= kind= id= by= precedence= start_ms= end_ms= name= alias= outcome= parent_id= args. success= error= model= query_source= message_id= attempt_start_times= retry. ttft_ms= ttlt_ms= request_setup_ms= prompt_tokens= output_tokens= cache_read_tokens= cache_creation_tokens= thought_tokens= context_window= result_tokens= child_agent_id= context= decision= decision_source= prompt_length= may_ask= input_hash='
complete -c swarmtop -n '__swarmtop_operation emit' -a raw -d 'a raw trace event in a named session'
complete -c swarmtop -n '__swarmtop_operation emit raw' -a 't= session_id= agent_id= event.'
complete -c swarmtop -n '__swarmtop_operation emit' -a open -d 'open a session without agents'
complete -c swarmtop -n '__swarmtop_operation emit open' -a 't= session_id= agent_id= start_ms= extra.'
complete -c swarmtop -n '__swarmtop_operation emit' -a journal -d 'first line of a journal'
complete -c swarmtop -n '__swarmtop_operation emit journal' -a 't= session_id= agent_id='
complete -c swarmtop -n '__swarmtop_operation emit' -a auth -d 'first line of a TCP connection that asks for it'
complete -c swarmtop -n '__swarmtop_operation emit auth' -a 't= session_id= agent_id= token='
# end
