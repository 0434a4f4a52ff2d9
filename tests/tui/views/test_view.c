/* Tests single texts of the screen: a feed in, a text out. Whole screens are in tests/screens. */
#include "tests/support/failing_mem.h"
#include "tests/support/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELLO "{'op':'hello','t':0,'session_id':'s','name':'api-server'}\n"

TEST(a_live_picture_says_who_does_what)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(
        &picture, HELLO
        "{'op':'register_agent','t':1000,'agent_id':'e','agent_name':'Explore','parent_agent_id':'s'}\n"
        "{'op':'start_tool','t':1000,'span_id':'c','tool_name':'Agent','args':{'subagent_type':'Explore'}}\n"
        "{'op':'start_tool','t':2000,'agent_id':'e','span_id':'b','tool_name':'Bash','args':{'command':'make test'}}\n"
        "{'op':'register_agent','t':2000,'agent_id':'w','agent_name':'writer','parent_agent_id':'s'}\n"
        "{'op':'start_user_input','t':5000,'agent_id':'w','span_id':'u','context':'Bash'}\n");
    picture_at(&picture, 10000);
    picture_has(&picture, "1 session · 3 agents");
    picture_has(&picture, "● LIVE 08:53");
    picture_has(&picture, "▾ api-server");
    picture_has(&picture, "◌ agents    9.0s");
    picture_has(&picture, "├ Explore                 ● tool      8.0s");
    picture_has(&picture, "└ writer                  ◐ user      5.0s");
    picture_has(&picture, "─ Agent → Explore ───");
    picture_has(&picture, "[Bash make test ");
    picture_has(&picture, "wait 0  sampling 0  tool 1  user 1  idle 0  agents 1");
    picture_has(&picture, "8.0s  Explore                             Tool: Bash  make test");
    picture_release(&picture);
}

TEST(an_empty_screen_says_how_to_fill_it)
{
    struct source_status source = {
        .spec = "unix:/run/x.sock", .error = "", .state = SOURCE_OPEN, .listens = true};
    struct source_status failed = {.spec = "tcp:127.0.0.1:1",
                                   .error = "tcp:127.0.0.1:1: bind: Permission denied",
                                   .state = SOURCE_FAILED};
    struct source_status sources[] = {source, failed};
    struct picture picture;
    picture_init(&picture, 80, 24);
    picture.input.sources = sources;
    picture.input.source_count = 2;
    picture.input.address = "unix:/run/x.sock";
    picture_has(&picture, "unix:/run/x.sock  listening");
    picture_has(&picture, "tcp:127.0.0.1:1  bind: Permission denied");
    picture_has(&picture, "export SWARMTOP_SOCKET=unix:/run/x.sock\n");
    picture_has(&picture, "swarmtop emit hello session_id=demo\n");
    picture_has(&picture, "swarmtop demo\n");
    picture_release(&picture);
}

/* With less room sources share lines, and the commands that are shown are whole. */
TEST(an_empty_screen_fits)
{
    const struct source_status sources[] = {
        {.spec = "unix:/run/x.sock", .error = "", .state = SOURCE_OPEN, .listens = true},
        {.spec = "otlp:localhost:4318",
         .error = "otlp:localhost:4318: bind: Address already in use",
         .state = SOURCE_FAILED,
         .listens = true},
        {.spec = "otlp:localhost:4317", .error = "", .state = SOURCE_OPEN, .listens = true},
        {.spec = "claude:",
         .error = "",
         .state = SOURCE_OPEN,
         .place = "/home/u/.claude",
         .client = "Claude Code",
         .setup = "claude"},
        {.spec = "codex:",
         .error = "",
         .state = SOURCE_WAITING,
         .place = "/home/u/.codex",
         .needs = "sessions",
         .client = "Codex CLI",
         .setup = "codex"},
        {.spec = "qwen:",
         .error = "",
         .state = SOURCE_WAITING,
         .place = "/home/u/.qwen",
         .client = "Qwen Code",
         .setup = "qwen"},
    };
    static const struct {
        int cols, rows;
        const char *texts[12];
    } sizes[] = {
        {120,
         36,
         {"\n   unix:/run/x.sock  listening\n", "4318  bind: Address already in use\n",
          "\n   claude:  follows /home/u/.claude\n", "codex:  waits for /home/u/.codex/sessions\n",
          "\n   swarmtop setup claude  or codex, qwen\n",
          "export SWARMTOP_SOCKET=unix:/run/x.sock\n",
          "\n   swarmtop emit --session demo end_tool span_id=1\n", "\n   swarmtop demo\n"}},
        {80,
         22,
         {"\n   unix:/run/x.sock  listening\n", "4318  bind: Address already in use\n",
          "\n   claude:  follows /home/u/.claude\n",
          "\n Not found: /home/u/.codex/sessions /home/u/.qwen\n",
          "\n   swarmtop setup claude  or codex, qwen\n",
          "\n   swarmtop emit --session demo end_tool span_id=1\n", "\n   swarmtop demo\n"}},
        {40,
         10,
         {"\n   otlp:localhost:4318  bind: Addr", "\n Reads: unix: otlp: claude:\n",
          "\n Not found: codex: qwen:\n", "\n   swarmtop setup claude  or codex, qw",
          "\n   swarmtop demo\n"}},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct picture picture;
        picture_init(&picture, sizes[i].cols, sizes[i].rows);
        picture.input.sources = sources;
        picture.input.source_count = sizeof sources / sizeof *sources;
        picture.input.address = "unix:/run/x.sock";
        for (size_t k = 0; sizes[i].texts[k] != NULL; k++) {
            picture_has(&picture, sizes[i].texts[k]);
        }
        picture_release(&picture);
    }
}

TEST(an_empty_screen_counts_what_it_leaves_out)
{
    static const struct {
        double hours[2]; /* of the latest transcript; 0: the client has none that is left out */
        const char *counts;
    } rows[] = {
        {{1.5, 30}, "left out by --since: Claude Code 3, Codex CLI 12\n   swarmtop --since 2h\n"},
        {{0, 30}, "left out by --since: Codex CLI 12\n   swarmtop --since 31h\n"},
        {{0, 1.95}, "left out by --since: Codex CLI 12\n   swarmtop --since 3h\n"},
        {{0, 49.5}, "left out by --since: Codex CLI 12\n   swarmtop --since 3d\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_status sources[] = {
            {.spec = "claude:", .client = "Claude Code", .place = "/h/.claude", .error = ""},
            {.spec = "codex:", .client = "Codex CLI", .place = "/h/.codex", .error = ""}};
        struct picture picture;
        picture_init(&picture, 80, 24);
        for (size_t k = 0; k < 2; k++) {
            bool some = rows[i].hours[k] > 0;
            sources[k].older = !some ? 0 : k == 0 ? 3 : 12;
            sources[k].older_ns =
                picture.input.local_ns - (int64_t)(rows[i].hours[k] * 3600) * 1000000000;
        }
        picture.input.sources = sources;
        picture.input.source_count = 2;
        picture_has(&picture, rows[i].counts);
        sources[0].older = sources[1].older = 0;
        picture_lacks(&picture, "--since");
        picture_release(&picture);
    }
}

TEST(an_empty_screen_counts_what_it_leaves_out_of_many_clients)
{
    static const char *const clients[] = {"Claude Code", "Codex CLI", "Gemini CLI", "Qwen Code"};
    struct source_status sources[4];
    struct picture picture;
    picture_init(&picture, 80, 24);
    for (size_t i = 0; i < 4; i++) {
        sources[i] = (struct source_status){.spec = "x:", .client = clients[i], .error = ""};
        sources[i].older = 100 + i;
        sources[i].older_ns = picture.input.local_ns - INT64_C(5400000000000);
    }
    picture.input.sources = sources;
    picture.input.source_count = 4;
    picture_has(&picture, "left out by --since: Claude Code 100, Codex CLI 101\n"
                          "   Gemini CLI 102, Qwen Code 103\n   swarmtop --since 2h\n");
    picture_release(&picture);
}

TEST(finished_sub_agents_fold_after_a_minute)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, HELLO);
    for (int i = 0; i < 4; i++) {
        char lines[600];
        snprintf(
            lines, sizeof lines,
            "{'op':'register_agent','session_id':'s','t':1000,'agent_id':'a%d','agent_name':'helper%d','parent_agent_id':'s'}\n"
            "{'op':'start_tool','session_id':'s','t':1000,'agent_id':'a%d','span_id':'x%d','tool_name':'Read'}\n"
            "{'op':'end_tool','session_id':'s','t':2000,'span_id':'x%d'}\n"
            "{'op':'unregister_agent','session_id':'s','t':2000,'agent_id':'a%d'}\n",
            i, i, i, i, i, i);
        picture_feed(&picture, lines);
    }
    picture_at(&picture, 50000);
    picture_has(&picture, "├ helper2");
    picture_lacks(&picture, "done\n │");
    picture_at(&picture, 70000);
    picture_has(&picture, "└ +4 done");
    picture_lacks(&picture, "helper");
    assert_int_equal(picture_press(&picture, "j c"), VIEW_REDRAW);
    picture_has(&picture, "├ helper2");
    picture_press(&picture, "c");
    picture_has(&picture, "▸ api-server");
    picture_lacks(&picture, "helper");
    picture_press(&picture, "c");
    picture_has(&picture, "└ +4 done");
    /* A finished trace is shown as a whole. */
    picture.input.live = false;
    picture_has(&picture, "helper0");
    picture_release(&picture);
}

TEST(a_retry_says_what_comes_next)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(
        &picture, HELLO
        "{'op':'start_llm_request','t':1000,'span_id':'r','model':'opus'}\n"
        "{'op':'attempt','t':5000,'span_id':'r','attempt':3,'error':'529','retry_in_ms':12000}\n");
    picture_at(&picture, 6500);
    picture_has(&picture, "◌ retry");
    picture_has(&picture, "API Call  opus  529 3, next in 11s");
    picture_release(&picture);
}

TEST(an_empty_screen_has_a_command_for_each_kind_of_source)
{
    struct source_status sources[] = {
        {.spec = "a.ndjson", .error = "", .feed = "echo x >>{}"},
        {.spec = "d", .error = "", .feed = "echo x >>{}/demo.ndjson"},
        {.spec = "locked", .error = "locked: cannot be read", .feed = "touch {}"},
        {.spec = "otlp:127.0.0.1:4318", .error = "", .listens = true, .feed = "curl -d y {}/hooks"},
        {.spec = "-", .error = "", .feed = "echo x | swarmtop -"}};
    struct picture picture;
    picture_init(&picture, 80, 24);
    picture.input.sources = sources;
    picture.input.source_count = sizeof sources / sizeof sources[0];
    picture_has(&picture, "   echo x >>a.ndjson\n   echo x >>d/demo.ndjson\n"
                          "   curl -d y 127.0.0.1:4318/hooks\n   echo x | swarmtop -\n");
    picture_lacks(&picture, "touch");
    picture_lacks(&picture, "SWARMTOP_SOCKET");
    picture_release(&picture);
}

TEST(what_an_empty_screen_has_to_paste_is_what_a_shell_reads)
{
    struct source_status source = {.spec = "/tmp/it's mine $HOME/a.ndjson",
                                   .error = "",
                                   .feed = "echo '{\"a\":\"b c\"}' >>{}"};
    struct picture picture;
    picture_init(&picture, 80, 24);
    picture.input.sources = &source;
    picture.input.source_count = 1;
    picture_has(&picture, "   echo '{\"a\":\"b c\"}' >>/tmp/it\\'s\\ mine\\ \\$HOME/a.ndjson\n");
    picture_release(&picture);
    /* A long one continues on the next line, outside of quotes. */
    picture_init(&picture, 34, 24);
    picture.input.sources = &source;
    picture.input.source_count = 1;
    picture_has(&picture, "   echo '{\"a\":\"b c\"}' >>/tmp/it\\\n"
                          "\\'s\\ mine\\ \\$HOME/a.ndjson\n");
    source.feed = "echo '{\"a\":\"b c\",\"d\":\"e f g h i j\"}' >>{}";
    picture_has(&picture, "   echo '{\"a\":\"b c\",\"d\":\"e f g '\\\n"
                          "'h i j\"}' >>/tmp/it\\'s\\ mine\\ \\\n"
                          "\\$HOME/a.ndjson\n");
    picture_release(&picture);
}

TEST(names_that_are_cut_stay_apart)
{
    struct picture picture;
    picture_init(&picture, 80, 24);
    picture_feed(&picture,
                 "{'op':'hello','t':0,'session_id':'a','name':'data-pipe of backfill'}\n"
                 "{'op':'hello','t':0,'session_id':'b','name':'data-pipe-2 of backfill'}\n"
                 "{'op':'hello','t':0,'session_id':'c','name':'data-pipeline backfill'}\n"
                 "{'op':'hello','t':0,'session_id':'d','name':'data-pix backfill'}\n");
    picture_at(&picture, 4000);
    /* The first is cut in the middle; another that would look the same shows where it differs. */
    picture_has(&picture, "  data-pi…ackfill ");
    picture_has(&picture, "  data-pipe-…fill ");
    picture_has(&picture, "  data-pipel…fill ");
    picture_has(&picture, "  data-pix…ckfill ");
    picture_release(&picture);
}

TEST(errors_are_crossed)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, HELLO "{'op':'start_tool','t':1000,'span_id':'b','tool_name':'Bash'}\n"
                                 "{'op':'end_tool','t':3000,'span_id':'b','success':false}\n");
    picture_at(&picture, 4000);
    picture_has(&picture, "✕ error");
    picture_has(&picture, "✕        │");
    picture_has(&picture, "errors 1");
    picture_release(&picture);
}

TEST(trouble_has_a_line)
{
    struct source_status sources[] = {
        {.spec = "a.json", .error = "", .state = SOURCE_OPEN, .bad = 1204},
        {.spec = "b.json", .error = "b.json: not there", .state = SOURCE_FAILED}};
    struct picture picture;
    picture_init(&picture, 80, 24);
    picture_feed(&picture, HELLO);
    picture.input.sources = sources;
    picture.input.source_count = 1;
    picture_has(&picture, "✕ a.json: 1,204 bad lines\n");
    picture.input.source_count = 2;
    picture_has(&picture, "✕ b.json: not there  (and 1 more)\n");
    picture_release(&picture);
}

/* Also where no agent is. */
TEST(trouble_in_the_log_is_seen_from_every_view)
{
    struct picture picture;
    picture_init(&picture, 80, 24);
    picture.input.log = picture.rig.log;
    for (int agents = 0; agents < 2; agents++) {
        ingest_ctx_log_from(&picture.rig.ingest, LOG_LEVEL_WARNING, "a.json", "cannot be listed");
        ingest_ctx_log(&picture.rig.ingest, LOG_LEVEL_INFO, "a note");
        const char *badge = agents == 0 ? "! 1 in log" : "! 2 in log";
        for (const char *keys[] = {"1", "2", "3", "4", "5"}, **key = keys; key < keys + 5; key++) {
            picture_press(&picture, *key);
            picture_has(&picture, badge);
        }
        picture_has(&picture, "warning");
        picture_has(&picture, "cannot be listed");
        picture_feed(&picture, HELLO);
    }
    assert_true(grid_resize(picture.grid, 40, 10));
    picture_has(&picture, "! 2 in log");
    picture_release(&picture);
}

TEST(the_header_says_live_only_of_the_present)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_has(&picture, "● LIVE");
    picture_feed(&picture, HELLO "{'op':'start_tool','t':1000,'span_id':'b','tool_name':'Bash'}\n");
    picture_at(&picture, 60000);
    picture_has(&picture, "● LIVE");
    picture_press(&picture, "w w w w w w h h h");
    picture_has(&picture, "◌ past");
    picture_lacks(&picture, "LIVE");
    picture_press(&picture, "2");
    picture_has(&picture, "● LIVE");
    picture_press(&picture, "1 F");
    picture_has(&picture, "● LIVE");
    picture.input.replay = 10;
    picture_has(&picture, "▶ 10x");
    picture.input.live = false;
    picture_has(&picture, "○ finished");
    picture_release(&picture);
}

TEST(a_sender_that_is_gone_is_marked)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(&picture, HELLO "{'op':'start_tool','t':1000,'span_id':'b','tool_name':'Bash'}\n");
    struct session *session = swarm_session_edit(picture.rig.model.swarm, 0);
    session->flags |= SESSION_DISCONNECTED;
    picture_at(&picture, 4000);
    picture_has(&picture, "api-server            ◌ ● tool");
    picture_release(&picture);
}

TEST(dropped_events_are_a_line_through_all_rows)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(
        &picture, HELLO
        "{'op':'register_agent','t':1000,'agent_id':'e','agent_name':'Explore','parent_agent_id':'s'}\n"
        "{'ph':'i','name':'trace_truncated','cat':'__metadata','ts':20000000,'pid':1,'tid':0,'args':{'dropped_events':50000}}\n"
        "{'op':'start_tool','t':40000,'span_id':'b','tool_name':'Bash'}\n");
    picture_at(&picture, 60000);
    picture_has(&picture, "✂ 50,000 dropped");
    picture_has(
        &picture,
        "└ Explore                 ○ idle                                               │   ");
    picture_release(&picture);
}

TEST(ascii_is_ascii)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture.input.theme.ascii = true;
    picture_feed(
        &picture, HELLO
        "{'op':'register_agent','t':1000,'agent_id':'e','agent_name':'Überprüfer 調査','parent_agent_id':'s'}\n"
        "{'op':'start_tool','t':1000,'agent_id':'e','span_id':'b','tool_name':'Bash','args':{'command':'écho →'}}\n");
    picture_at(&picture, 4000);
    picture_has(&picture, "` Uberprufer ??");
    picture_press(&picture, "j Enter");
    picture_has(&picture, "echo ?");
    for (const char *at = picture.text.data; *at; at++) {
        assert_true((unsigned char)*at < 0x7F);
    }
    picture_release(&picture);
}

TEST(the_detail_wraps_what_is_long)
{
    struct picture picture;
    struct strbuf lines;
    picture_init(&picture, 80, 40);
    strbuf_init(&lines, &mem_libc, 0);
    strbuf_adds(
        &lines, HELLO
        "{'op':'start_tool','t':1000,'span_id':'b','tool_name':'Write','args':{'path':'/a','lone':'x\\ud83dy','content':'");
    for (int i = 0; i < 30000; i++) {
        strbuf_adds(&lines, "0123456789");
    }
    strbuf_adds(&lines, "','n':[1, {'deep':null}],'feed':'one\\ntwo'}}\n");
    picture_feed(&picture, lines.data);
    strbuf_release(&lines);
    picture_at(&picture, 9000);
    picture_press(&picture, "Enter");
    picture_has(&picture, "api-server · Tool: Write · 8.0 s and running");
    picture_has(&picture, "started    08:53:21.000\n");
    picture_has(&picture, "running    8.0 s\n");
    picture_has(&picture, "lone       x\xEF\xBF\xBDy\n");
    picture_has(&picture, "content    0123456789012345678901234567890123456789");
    for (int i = 0; i < 40; i++) {
        picture_press(&picture, "PgDn");
    }
    picture_has(&picture, "and 283616 more bytes\n");
    picture_has(&picture, "feed       one\n             two\n");
    picture_release(&picture);
}

TEST(a_lack_of_memory_is_said_and_nothing_leaks)
{
    struct picture picture;
    picture_init(&picture, 120, 30);
    picture_feed(
        &picture, HELLO
        "{'op':'start_tool','t':1000,'span_id':'b','tool_name':'Bash','args':{'command':'x'}}\n");
    picture_at(&picture, 4000);
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct view_state own;
        view_state_init(&own, &lack.mem);
        view_draw(&picture.input, &own, picture.grid);
        strbuf_clear(&picture.text);
        grid_to_text(picture.grid, &picture.text);
        lack.done = strstr(picture.text.data, "[Bash x ") != NULL;
        view_key(&picture.input, &own, (struct key){.code = KEY_CODE_ENTER}, 120, 30);
        view_draw(&picture.input, &own, picture.grid);
        view_state_release(&own);
    }
    picture_release(&picture);
}

TEST(what_ended_long_ago_is_shown_and_not_an_empty_present)
{
    struct picture picture;
    picture_init(&picture, 120, 20);
    picture_feed(&picture,
                 "{'op':'hello','t':0,'session_id':'s','name':'old'}\n"
                 "{'op':'start_tool','t':1000,'session_id':'s','span_id':'a','tool_name':'Bash'}\n"
                 "{'op':'end_tool','t':15000,'session_id':'s','span_id':'a','success':true}\n"
                 "{'op':'end_session','t':16000,'session_id':'s'}\n");
    swarm_session_edit(picture.rig.model.swarm, 0)->flags |= SESSION_OF_WALL;
    picture_at(&picture, 20000);
    picture_has(&picture, "[Bash");
    picture_has(&picture, "● LIVE");
    picture_at(&picture, 6 * 86400e3);
    picture_has(&picture, "[Bash");
    picture_has(&picture, "◌ past");
    picture_release(&picture);
}

TEST(a_trace_of_another_producer_has_its_own_scale_while_it_is_followed)
{
    struct picture picture;
    picture_init(&picture, 80, 12);
    rig_start_hub(&picture.rig, (struct hub_options){.follow = false});
    rig_add(&picture.rig, support_data("cases/traces/104-sub-microsecond.json"));
    rig_until_finished(&picture.rig);
    assert_true(picture.input.live);
    picture_has(&picture, "200ns");
    picture_release(&picture);
}
