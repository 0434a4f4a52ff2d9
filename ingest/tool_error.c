/* The client begins most errors with a text of its own. The table has these texts. They are safe to
   keep: none comes from a file or a program. */
#include "ingest/tool_error.h"

#include <ctype.h>
#include <string.h>

enum { DIGITS_MAX = 10 };

static const struct {
    const char *text;
    bool number; /* that follows is kept, too */
} classes[] = {
    {"Exit code ", true},
    {"Exit status ", true},
    {"exit code ", true},
    {"exit status ", true},
    {"exited with code ", true},
    {"exit ", true},
    {"MCP error ", true},
    {"File does not exist", false},
    {"File has not been read yet", false},
    {"File has been modified", false},
    {"File content exceeds", false},
    {"File is in a directory that is denied", false},
    {"String to replace not found", false},
    {"No changes to make", false},
    {"No such tool available", false},
    {"No such tool", false},
    {"Directory does not exist", false},
    {"Path does not exist", false},
    {"Permission to use", false},
    {"Command timed out", false},
    {"Command was aborted", false},
    {"Request failed with status code ", true},
    {"Request timed out", false},
    {"Blocked", false},
    {"User rejected tool use", false},
    {"The user doesn't want to proceed with this tool use", false},
    {"Cancelled", false},
    {"Interrupted", false},
    {"interrupted", false},
    {"failed", false},
    {"Agent type", false},
    {"Unknown skill", false},
};

static struct slice rest(struct slice text, size_t skip)
{
    return (struct slice){text.bytes + skip, text.len - skip};
}

static bool begins(struct slice text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.bytes, with, len) == 0;
}

/* Returns the length of a name such as TypeError at the beginning; 0: no name. */
static size_t exception_name(struct slice text)
{
    static const char *const ends[] = {"Error", "Exception"};
    size_t len = 0;
    while (len < text.len && len < 60 && isalpha((unsigned char)text.bytes[len])) {
        len++;
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (len > end && memcmp(text.bytes + len - end, ends[i], end) == 0 &&
            (len == text.len || text.bytes[len] == ':')) {
            return len;
        }
    }
    return 0;
}

/* Returns the length of the name of a system's error (ENOENT), or of a status (404), at the
   beginning; 0: neither. */
static size_t code(struct slice text)
{
    size_t digits = 0, capitals = 0;
    while (digits < text.len && isdigit((unsigned char)text.bytes[digits])) {
        digits++;
    }
    while (capitals < text.len && capitals < 16 && isupper((unsigned char)text.bytes[capitals])) {
        capitals++;
    }
    bool alone = capitals == text.len || !isalnum((unsigned char)text.bytes[capitals]);
    return digits == 3 && text.len == 3                     ? 3
           : capitals >= 4 && text.bytes[0] == 'E' && alone ? capitals
                                                            : 0;
}

void tool_error_class(struct slice message, struct strbuf *out)
{
    while (begins(message, "Error: ")) {
        message = rest(message, strlen("Error: "));
    }
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        size_t len = strlen(classes[i].text);
        if (!begins(message, classes[i].text)) {
            continue;
        }
        if (classes[i].number && len < message.len && message.bytes[len] == '-') {
            len++;
        }
        for (unsigned digits = 0; classes[i].number && len < message.len && digits < DIGITS_MAX &&
                                  isdigit((unsigned char)message.bytes[len]);
             digits++) {
            len++;
        }
        strbuf_add(out, message.bytes, len);
        return;
    }
    size_t name = exception_name(message);
    name = name > 0 ? name : code(message);
    if (name > 0) {
        strbuf_add(out, message.bytes, name);
    } else {
        strbuf_adds(out, "error");
    }
}
