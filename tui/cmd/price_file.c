/* The JSON stays, since the names of models lie in it. */
#include "tui/cmd/price_file.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

struct price_file {
    json_t *json;
    struct price *rows;
    size_t count;
    struct prices prices;
};

enum { MODELS_MAX = 10000, MAX_BYTES = 4 << 20 };

/* Returns a price; `missing` if there is no such member, NAN if it is no price. */
static double price_of(const json_t *model, const char *key, double missing)
{
    const json_t *value = json_object_get(model, key);
    if (value == NULL) {
        return missing;
    }
    double price = json_is_number(value) ? json_number_value(value) : (double)NAN;
    return price >= 0 && price <= 1e6 ? price : (double)NAN;
}

/* Returns the first member that is no price; NULL: none. One that is written wrong would leave its
   price at another's. */
static const char *unknown_key(json_t *model)
{
    static const char *const keys[] = {"input", "output", "cache_read", "cache_creation"};
    const size_t count = sizeof keys / sizeof *keys;
    const char *key;
    json_t *value;
    json_object_foreach(model, key, value)
    {
        size_t i = 0;
        while (i < count && strcmp(key, keys[i]) != 0) {
            i++;
        }
        if (i == count) {
            return key;
        }
    }
    return NULL;
}

static bool read_model(const char *path, const char *name, json_t *model, struct price *out,
                       struct strbuf *error)
{
    double input = price_of(model, "input", (double)NAN);
    *out = (struct price){.model = name,
                          .input = input,
                          .output = price_of(model, "output", (double)NAN),
                          .cache_read = price_of(model, "cache_read", input),
                          .cache_creation = price_of(model, "cache_creation", input)};
    if (name[0] == '\0' || isnan(out->input) || isnan(out->output) || isnan(out->cache_read) ||
        isnan(out->cache_creation)) {
        strbuf_addf(error, "%s: model \"%s\": needs \"input\" and \"output\", numbers from 0", path,
                    name);
        return false;
    }
    const char *unknown = unknown_key(model);
    if (unknown != NULL) {
        strbuf_addf(error,
                    "%s: model \"%s\": unknown member \"%s\"; known are \"input\", \"output\", "
                    "\"cache_read\", \"cache_creation\"",
                    path, name, unknown);
    }
    return unknown == NULL;
}

static bool read_models(const char *path, struct price_file *file, struct strbuf *error)
{
    json_t *models = json_object_get(file->json, "models"), *model;
    size_t size = json_object_size(models);
    const char *name;
    if (size == 0 || size > MODELS_MAX) {
        strbuf_addf(error, "%s: \"models\" is missing, empty or too long", path);
        return false;
    }
    file->rows = mem_zalloc(&mem_libc, size, sizeof *file->rows);
    if (file->rows == NULL) {
        strbuf_addf(error, "%s: out of memory", path);
        return false;
    }
    json_object_foreach(models, name, model)
    {
        if (!read_model(path, name, model, &file->rows[file->count], error)) {
            return false;
        }
        file->count++;
    }
    file->prices = (struct prices){file->rows, file->count};
    return true;
}

struct price_file *price_file_read(const char *path, struct strbuf *error)
{
    json_error_t why;
    struct price_file *file = mem_zalloc(&mem_libc, 1, sizeof *file);
    if (file == NULL) {
        strbuf_addf(error, "%s: out of memory", path);
        return NULL;
    }
    struct stat status;
    if (stat(path, &status) == 0 && (!S_ISREG(status.st_mode) || status.st_size > MAX_BYTES)) {
        strbuf_addf(error, "%s: no file of at most %d bytes", path, MAX_BYTES);
        price_file_free(file);
        return NULL;
    }
    file->json = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (file->json == NULL) {
        if (why.line > 0) {
            strbuf_addf(error, "%s: line %d: not JSON: %s", path, why.line, why.text);
        } else {
            strbuf_addf(error, "%s: cannot be read: %s", path, strerror(errno));
        }
    }
    if (file->json == NULL || !read_models(path, file, error)) {
        price_file_free(file);
        return NULL;
    }
    return file;
}

void price_file_free(struct price_file *file)
{
    if (file != NULL) {
        mem_free(&mem_libc, file->rows,
                 file->rows == NULL ? 0
                                    : json_object_size(json_object_get(file->json, "models")) *
                                          sizeof *file->rows);
        json_decref(file->json);
        mem_free(&mem_libc, file, sizeof *file);
    }
}

const struct prices *price_file_prices(const struct price_file *file)
{
    return file == NULL ? NULL : &file->prices;
}
