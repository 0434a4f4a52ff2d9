/* Short texts for spans, whatever a client calls its arguments. */
#include "tests/support/picture.h"
#include "tests/support/support.h"

#include <string.h>

#define SESSION "{'op':'update_session','session_id':'s','name':'api','start_ms':0}\n"
#define CALL(name, more)                                                             \
    "{'op':'update_call','session_id':'s','kind':'tool','id':'c','name':'" name "'," \
    "'start_ms':1000" more "}\n"
#define CHILD(session, more)                                                                     \
    "{'op':'update_agent','session_id':'" session "','agent_id':'a','parent_agent_id':'" session \
    "','start_ms':1000" more "}\n"

TEST(a_call_has_its_argument_or_its_agent)
{
    static const struct {
        const char *feed, *want;
    } rows[] = {
        {CALL("exec_command", ",'args':{'cmd':'make test'}"), "exec_command make test"},
        {CALL("read", ",'args':{'filePath':'/a/b.c'}"), "read /a/b.c"},
        {CALL("read_file", ",'args':{'absolute_path':'/a/b.c'}"), "read_file /a/b.c"},
        {CALL("list_directory", ",'args':{'dir_path':'/a'}"), "list_directory /a"},
        {CALL("Agent", ",'args':{'subagent_type':'Explore','description':'find it'}"),
         "Agent → Explore find it"},
        {CALL("invoke_agent", ",'child_agent_id':'a'")
             CHILD("s", ",'type':'generalist','description':'look around'"),
         "invoke_agent → generalist look around"},
        {CALL("invoke_agent", ",'child_agent_id':'a'") CHILD("s", ",'type':'generalist'"),
         "invoke_agent → generalist "},
        /* Another session's agent of that id is not meant. */
        {CALL("invoke_agent", ",'child_agent_id':'a'") "{'op':'update_session','session_id':'t',"
                                                       "'start_ms':0}\n" CHILD("t", ",'type':'x'"),
         "── invoke_agent ──"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        picture_init(&picture, 120, 24);
        picture_at(&picture, 1000);
        picture_feed(&picture, SESSION);
        picture_feed(&picture, rows[i].feed);
        picture_at(&picture, 60000);
        picture_press(&picture, "0");
        picture_has(&picture, rows[i].want);
        picture_release(&picture);
    }
}
