/* The two first bytes tell gzip from everything else; they may come one by one. */
#include "ingest/trace/unpack.h"

void unpack_init(struct unpack *unpack, const struct mem *mem, gunzip_sink *sink, void *ctx)
{
    *unpack = (struct unpack){.mem = mem, .sink = sink, .ctx = ctx};
}

void unpack_release(struct unpack *unpack)
{
    gunzip_free(unpack->gunzip);
    unpack->gunzip = NULL;
}

static const char *push_known(struct unpack *unpack, const char *bytes, size_t len)
{
    if (unpack->gunzip != NULL) {
        return gunzip_push(unpack->gunzip, bytes, len);
    }
    /* Who takes the bytes knows by himself that he will take no more. */
    (void)(len > 0 && unpack->sink(unpack->ctx, bytes, len));
    return NULL;
}

static const char *find_out(struct unpack *unpack)
{
    unpack->known = true;
    if (gunzip_is(unpack->first, unpack->first_len)) {
        unpack->gunzip = gunzip_new(unpack->mem, unpack->sink, unpack->ctx);
        if (unpack->gunzip == NULL) {
            return "out of memory";
        }
    }
    return push_known(unpack, unpack->first, unpack->first_len);
}

const char *unpack_push(struct unpack *unpack, const char *bytes, size_t len)
{
    while (!unpack->known && len > 0) {
        unpack->first[unpack->first_len++] = *bytes++;
        len--;
        const char *wrong = unpack->first_len == sizeof unpack->first ? find_out(unpack) : NULL;
        if (wrong != NULL) {
            return wrong;
        }
    }
    return push_known(unpack, bytes, len);
}

const char *unpack_finish(struct unpack *unpack)
{
    const char *wrong = unpack->known ? NULL : find_out(unpack);
    return wrong == NULL && unpack->gunzip != NULL ? gunzip_finish(unpack->gunzip) : wrong;
}
