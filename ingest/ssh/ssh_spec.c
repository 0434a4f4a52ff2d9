/* HOST ends at the first colon, as no name of a host has one; so a SOURCE may have as many as it
   likes. ssh joins its arguments with blanks and gives them to the login shell there, whatever that
   is. Single quotes mean the same in all of them, so the command is one `sh -c` with quoted
   arguments.

   A login shell that is not interactive often lacks ~/.local/bin, where `make install
   PREFIX=~/.local` puts the program. */
#include "ingest/ssh/ssh_spec.h"

#include "core/base/ascii.h"
#include "core/base/time_ns.h"
#include "ingest/source_error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char script[] =
    "PATH=$PATH:$HOME/.local/bin:/usr/local/bin; CLAUDE_CODE_PERFETTO_TRACE=0; "
    "export PATH CLAUDE_CODE_PERFETTO_TRACE; exec swarmtop record --feed - \"$@\"";

/* The kinds of sources that are live, or a client's files: a trace file has no part in a feed. */
static const char *const kinds[] = {
    "claude:", "codex:", "qwen:", "gemini:", "opencode:", "unix:", "tcp:", "otlp:"};

/* ---- the spec ---- */

/* Characters that mean nothing to a shell, nor in ssh's own patterns. */
static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("@._-+%:", c) != NULL);
}

const char *ssh_host_name(const char *host)
{
    const char *at = strrchr(host, '@');
    return at == NULL ? host : at + 1;
}

static const char *wrong_host(const char *host)
{
    if (*ssh_host_name(host) == '\0') {
        return "no host is named";
    }
    if (*host == '-') {
        return "a host does not begin with `-`";
    }
    for (const char *at = host; *at != '\0'; at++) {
        if (!is_host_char(*at)) {
            return "a host has letters, digits and @ . _ - + % alone";
        }
    }
    return NULL;
}

static bool is_kind(const char *source, size_t len)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t kind = strlen(kinds[i]);
        if (len >= kind && memcmp(source, kinds[i], kind) == 0) {
            return true;
        }
    }
    return false;
}

static const char *wrong_sources(const char *sources)
{
    for (const char *at = sources; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7F) {
            return "a control character";
        }
        if (*at == '\\') { /* fish reads it inside single quotes */
            return "a backslash, which login shells read in several ways";
        }
    }
    for (const char *at = sources; *at != '\0'; at += *at == ',') {
        size_t len = strcspn(at, ",");
        if (!is_kind(at, len)) {
            return "a SOURCE there is claude:, codex:, qwen:, gemini:, opencode:, unix:, tcp: or "
                   "otlp:, with commas between";
        }
        at += len;
    }
    return NULL;
}

bool ssh_spec_parse(const char *spec, const char *argument, struct ssh_spec *out,
                    struct strbuf *error)
{
    const char *host = argument, *end = argument + strcspn(argument, ":");
    const char *closing = *argument == '[' ? strchr(argument, ']') : NULL;
    bool bracket = closing != NULL && (closing[1] == ':' || closing[1] == '\0');
    if (bracket) {
        host++;
        end = closing;
    }
    size_t len = (size_t)(end - host);
    const char *sources = end + bracket;
    sources += *sources == ':';
    const char *wrong = NULL;
    if (len >= sizeof out->host || strlen(sources) >= sizeof out->sources) {
        wrong = "too long";
    } else {
        memcpy(out->host, host, len);
        out->host[len] = '\0';
        memcpy(out->sources, sources, strlen(sources) + 1);
        wrong = wrong_host(out->host);
        wrong = wrong == NULL ? wrong_sources(out->sources) : wrong;
    }
    if (wrong != NULL) {
        source_error(error, spec, "not of the form ssh:HOST[:SOURCE,...]", wrong);
    }
    return wrong == NULL;
}

/* ---- the command ---- */

static void put_quoted(const char *text, size_t len, struct strbuf *out)
{
    strbuf_addc(out, '\'');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'') {
            strbuf_adds(out, "'\\''");
        } else {
            strbuf_addc(out, text[i]);
        }
    }
    strbuf_addc(out, '\'');
}

static void put_time(double ms, struct strbuf *out)
{
    time_t seconds = (time_t)floor(ms / 1000);
    struct tm tm;
    char text[40] = "1970-01-01T00:00:00";
    if (gmtime_r(&seconds, &tm) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    }
    strbuf_addf(out, " --from %s.%03dZ", text, (int)(ms - (double)seconds * 1000));
}

void ssh_command_put(const struct ssh_command *command, struct strbuf *out)
{
    strbuf_adds(out, "exec sh -c ");
    put_quoted(script, sizeof script - 1, out);
    strbuf_adds(out, " swarmtop");
    if (command->follow) {
        strbuf_adds(out, " --follow");
    }
    if (!isnan(command->from_ms)) {
        put_time(command->from_ms, out);
    }
    if (command->since_ns > 0) {
        strbuf_addf(out, " --since %.3fs", (double)command->since_ns / 1e9);
    }
    strbuf_adds(out, command->content ? " --content" : "");
    strbuf_adds(out, command->no_mask ? " --no-mask" : "");
    for (const char *at = command->sources; *at != '\0'; at += *at == ',') {
        size_t len = strcspn(at, ",");
        strbuf_addc(out, ' ');
        put_quoted(at, len, out);
        at += len;
    }
}
