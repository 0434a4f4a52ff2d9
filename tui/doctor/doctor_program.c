/* The program itself: what it was built without, and whether hooks of clients find it. */
#include "tui/doctor/doctor.h"

#include "core/base/version.h"
#include "ingest/library/libraries.h"
#include "ingest/sources.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A feature that may be missing, and what gives it. */
static const struct {
    const char *name, *lacks, *library;
} features[] = {
    {"grpc", "OpenTelemetry over gRPC is refused", "libnghttp2"},
    {"protobuf", "OpenTelemetry in protobuf is refused", "protobuf-c and its compiler"},
    {"sqlite", "OpenCode's database is not read", "SQLite"},
    {"zstd", "traces compressed with zstd are not read", "zstd"},
    {"nats", "nats: is refused", "libnats"},
};

static void check_features(struct findings *out)
{
    unsigned missing = 0;
    for (const struct feature *feature = source_features; feature->name != NULL; feature++) {
        for (size_t i = 0; i < sizeof features / sizeof features[0] && !feature->built; i++) {
            if (strcmp(features[i].name, feature->name) == 0) {
                findings_add(out, FINDING_NOTE, feature->name, "%s: built without it",
                             features[i].lacks);
                findings_advise(out, "install the development files of %s and build again",
                                features[i].library);
            }
        }
        missing += !feature->built;
    }
    findings_add(out, FINDING_OK, "version", "swarmtop " SWARMTOP_VERSION "%s",
                 missing == 0 ? ", with all features" : "");
}

/* Libraries that are loaded late are missed late, too. */
static void check_libraries(struct findings *out)
{
    for (size_t i = 0; libraries[i] != NULL; i++) {
        const char *missing = library_load(libraries[i]);
        if (missing != NULL) {
            findings_add(out, FINDING_FIX, libraries[i]->soname, "%s", missing);
        }
    }
}

/* Sets found to the program of that name in the PATH, if it may be run. */
static bool find_in_path(const char *name, char found[PATH_MAX])
{
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        size_t len = strcspn(path, ":");
        int written = snprintf(found, PATH_MAX, "%.*s/%s", (int)len, path, name);
        struct stat st;
        if (written < PATH_MAX && stat(found, &st) == 0 && S_ISREG(st.st_mode) &&
            access(found, X_OK) == 0) {
            return true;
        }
        path += len + (path[len] == ':');
    }
    return false;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void doctor_program(struct findings *out, const struct options *options)
{
    static const char self[] = "/proc/self/exe";
    char found[PATH_MAX];
    struct stat st;
    (void)options;
    findings_heading(out, "Program");
    check_features(out);
    check_libraries(out);
    if (!find_in_path("swarmtop", found)) {
        findings_add(out, FINDING_NOTE, "PATH",
                     "swarmtop is not in it: hooks of clients cannot run `swarmtop hook`");
        findings_advise(out, "`make install`, or a link to the program in a directory of the PATH");
    } else if (stat(self, &st) == 0 && !is_same_file(self, found)) {
        findings_add(out, FINDING_NOTE, "PATH", "hooks run another swarmtop than this: %s", found);
    } else {
        findings_add(out, FINDING_OK, "PATH", "hooks find %s", found);
    }
}
