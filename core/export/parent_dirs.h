/* Makes the directories that a file needs. */
#ifndef CORE_PARENT_DIRS_H
#define CORE_PARENT_DIRS_H

#include <stddef.h>

/* Makes the directories of the path that do not exist (0700). The path is changed meanwhile.
   Returns 0, or errno of the first that cannot be made. */
int parent_dirs_make(char *path);
/* Returns the length of the path's directory with its slash; 0: it has none. */
size_t parent_dirs_len(const char *path);

#endif
