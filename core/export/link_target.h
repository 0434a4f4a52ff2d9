/* The file that a path leads to if its last component is a symbolic link. */
#ifndef CORE_LINK_TARGET_H
#define CORE_LINK_TARGET_H

#include "core/base/strbuf.h"

enum { LINK_TARGET_MAX = 40 }; /* links that are followed, as the system does */

/* Replaces the path by the one that the link of its last component names. Returns false if that is
   no link, or if memory is lacking (`failed` of the buffer). */
bool link_target_step(struct strbuf *path);
/* Follows links to the end; the file there need not exist. Returns 0, ELOOP or ENOMEM. */
int link_target_follow(struct strbuf *path);

#endif
