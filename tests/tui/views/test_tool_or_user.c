/* A call that is open for long may be a tool or a person who is asked, where no source shows which.
 */
#include "tests/support/picture.h"
#include "tests/support/support.h"

#include <string.h>

#define SESSION \
    "{'op':'update_session','session_id':'s','name':'api','client':'codex','start_ms':0}\n"
#define CALL(id, more)                                                                \
    "{'op':'update_call','session_id':'s','kind':'tool','id':'" id "','name':'exec'," \
    "'start_ms':1000" more "}\n"
#define REQUEST "{'op':'update_call','session_id':'s','kind':'request','id':'r','start_ms':1000}\n"
#define WAIT    "{'op':'update_call','session_id':'s','kind':'wait','id':'w','start_ms':1500}\n"

static const struct {
    const char *what, *feed;
    double at_ms;
    const char *want;
} rows[] = {
    {"for a moment", CALL("c", ",'may_ask':true"), 10900, "● tool "},
    {"for long", CALL("c", ",'may_ask':true"), 11000, "◐ tool? "},
    {"of a client that asks no one", CALL("c", ""), 60000, "● tool "},
    {"of a source that knows that no one is asked",
     CALL("c", ",'may_ask':true") CALL("c", ",'may_ask':false"), 60000, "● tool "},
    {"of which a hook reports more", CALL("c", ",'may_ask':true") CALL("c", ",'precedence':2"),
     60000, "● tool "},
    {"beside one that asks no one", CALL("a", "") CALL("c", ",'may_ask':true"), 60000, "◐ tool? "},
    {"beside a request", REQUEST CALL("c", ",'may_ask':true"), 60000, "● wait "},
    {"beside a wait that is seen", CALL("c", ",'may_ask':true") WAIT, 60000, "◐ user "},
    {"that has ended", CALL("c", ",'may_ask':true,'end_ms':20000"), 60000, "○ idle "},
};

TEST(a_tool_that_may_wait_for_a_person_is_shown_as_either)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct picture picture;
        print_message("%s\n", rows[i].what);
        picture_init(&picture, 100, 20);
        picture_at(&picture, 1000);
        picture_feed(&picture, SESSION);
        picture_feed(&picture, rows[i].feed);
        picture_at(&picture, rows[i].at_ms);
        picture_has(&picture, rows[i].want);
        picture_release(&picture);
    }
}

TEST(views_and_keys_find_it)
{
    struct picture picture;
    picture_init(&picture, 100, 30);
    picture_at(&picture, 1000);
    picture_feed(&picture, SESSION CALL("c", ",'may_ask':true,'args':{'cmd':'make test'}"));
    picture_at(&picture, 31000);
    picture_has(&picture, "tool? 1");
    picture_has(&picture, "exec  person?  make test"); /* in Codex's spelling */
    picture_press(&picture, "u Enter");
    picture_lacks(&picture, "no agent waits");
    picture_has(&picture, "may wait for a person");
    picture_press(&picture, "2");
    picture_has(&picture, "◐ tool?");
    picture_release(&picture);
}
