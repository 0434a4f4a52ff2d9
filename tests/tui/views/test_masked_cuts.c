/* Wherever a text is cut, no half of a key is left: what is masked later would not be found. */
#include "core/base/mask.h"
#include "tests/support/picture.h"
#include "tests/support/support.h"
#include "tui/views/span_text.h"

#include <stdio.h>
#include <string.h>

#define KEY "ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123"
enum { COLS = 160 };

#define HALF "ABC" /* of the key, and of nothing else here */

#define SESSION "{'op':'hello','t':0,'session_id':'s','name':'api'}\n"

/* Fills `padding` bytes of a filler, and the key after them. */
static void put_key(char *out, size_t size, int padding)
{
    char filler[2000];
    assert_true(padding < (int)sizeof filler);
    for (int i = 0; i < padding; i++) {
        filler[i] = i % 7 == 6 ? ' ' : 'x';
    }
    snprintf(out, size, "%.*s %s tail", padding, filler, KEY);
}

TEST(an_argument)
{
    for (int padding = 150; padding < 200; padding++) {
        char feed[4000], text[2100];
        struct picture picture;
        struct strbuf out;
        put_key(text, sizeof text, padding);
        snprintf(feed, sizeof feed,
                 SESSION "{'op':'start_tool','t':0,'session_id':'s','span_id':'1',"
                         "'tool_name':'Bash','args':{'command':'%s'}}\n",
                 text);
        picture_init(&picture, 80, 24);
        picture_feed(&picture, feed);
        strbuf_init(&out, &mem_libc, 0);
        span_text_about(picture.input.swarm,
                        swarm_span(picture.input.swarm, swarm_span_begin(picture.input.swarm)),
                        &out);
        assert_true(out.len > 150);
        mask_in_place(&out);
        if (strstr(out.data, HALF) != NULL) {
            fail_msg("after %d bytes: %s", padding, out.data);
        }
        strbuf_release(&out);
        picture_release(&picture);
    }
}

/* Draws screens of a feed that holds the key between the two texts, after so many bytes. */
static void check_screens(const char *before, const char *after, const char *keys, int from, int to)
{
    for (int padding = from; padding < to; padding += 3) {
        char feed[8000], text[2100];
        put_key(text, sizeof text, padding);
        snprintf(feed, sizeof feed, "%s%s%s", before, text, after);
        struct picture picture;
        picture_init(&picture, COLS, 24);
        picture_feed(&picture, feed);
        picture_at(&picture, 5000);
        picture_press(&picture, keys);
        const char *screen = picture_draw(&picture);
        if (strstr(screen, HALF) != NULL) {
            fail_msg("after %d bytes:\n%s", padding, screen);
        }
        picture_release(&picture);
    }
}

TEST(a_label)
{
    check_screens(SESSION "{'op':'register_agent','t':1,'session_id':'s','agent_id':'a',"
                          "'agent_name':'",
                  "','parent_agent_id':'s'}\n"
                  "{'op':'start_tool','t':2,'session_id':'s','agent_id':'a','span_id':'1',"
                  "'tool_name':'Bash'}\n",
                  "1", 0, 60);
}

TEST(the_error_of_a_retry)
{
    check_screens(SESSION
                  "{'op':'start_llm_request','t':1,'session_id':'s','span_id':'r','model':'m'}\n"
                  "{'op':'attempt','t':2,'session_id':'s','span_id':'r','attempt':2,"
                  "'error':'",
                  "','retry_in_ms':9000}\n", "3", 0, 60);
}

TEST(the_arguments_of_an_instant)
{
    check_screens(SESSION "{'op':'instant','t':1,'session_id':'s','name':'mark','cat':'c',"
                          "'args':{'k':'",
                  "'}}\n", "5", 400, 500);
}
