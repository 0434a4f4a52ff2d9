/* Parts of a message as the Gemini API has them. Gemini CLI and Qwen Code keep them so. */
#ifndef INGEST_MESSAGE_PART_H
#define INGEST_MESSAGE_PART_H

#include "ingest/tree_file.h"

/* Counts the line (tree_file_unknown) if the list has a part of which no member is known. */
void message_parts_note(struct tree_file *file, struct json_value parts);
/* Counts it if an object has a member that is not among `names`, which end with NULL. */
void message_members_note(struct tree_file *file, struct json_value object,
                          const char *const *names);

#endif
