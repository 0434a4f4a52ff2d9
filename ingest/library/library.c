/* A table is written once, under a lock that each later caller takes too, so that its thread sees
   the pointers. A library that lacks one function counts as missing: half a table is never used. */
#include "ingest/library/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static bool is_loaded(const struct library *library)
{
    void *last;
    memcpy(&last, (char *)library->functions + (library->count - 1) * sizeof last, sizeof last);
    return last != NULL;
}

static bool load(const struct library *library)
{
    void *handle = dlopen(library->soname, RTLD_LAZY | RTLD_LOCAL);
    for (size_t i = 0; handle != NULL && i < library->count; i++) {
        void *function = dlsym(handle, library->names[i]);
        if (function == NULL) {
            memset(library->functions, 0, library->count * sizeof function);
            dlclose(handle);
            return false;
        }
        memcpy((char *)library->functions + i * sizeof function, &function, sizeof function);
    }
    return handle != NULL;
}

const char *library_load(const struct library *library)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    if (library->soname == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&lock);
    bool loaded = is_loaded(library) || load(library);
    pthread_mutex_unlock(&lock);
    return loaded ? NULL : library->missing;
}
