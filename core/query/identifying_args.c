#include "core/query/identifying_args.h"

const char *const identifying_args[IDENTIFYING_ARGS] = {
    "command", "cmd",         "file_path",     "filePath",     "absolute_path",
    "path",    "dir_path",    "notebook_path", "pattern",      "url",
    "query",   "description", "prompt",        "subagent_type"};
