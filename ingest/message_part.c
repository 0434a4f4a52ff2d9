/* The name of a member shows the kind of a part: a part of a new kind has no known member
   (https://ai.google.dev/api/caching#Part). */
#include "ingest/message_part.h"

static const char *const kinds[] = {
    "text",
    "thought",
    "thoughtSignature",
    "functionCall",
    "functionResponse",
    "inlineData",
    "fileData",
    "executableCode",
    "toolCall",
    "codeExecutionResult",
    "toolResponse",
    "videoMetadata",
    NULL,
};

static void count(struct tree_file *file, struct json_value name)
{
    tree_file_unknown(file, client_plain_text(name));
}

void message_parts_note(struct tree_file *file, struct json_value parts)
{
    struct json_value part;
    for (struct json_walk walk = json_walk(parts);
         parts.type == JSON_TYPE_ARRAY && json_next_item(&walk, &part);) {
        struct json_member member, first = {.key = {.type = JSON_TYPE_NONE}};
        bool known = part.type != JSON_TYPE_OBJECT, any = false;
        for (struct json_walk inside = json_walk(part);
             !known && json_next_member(&inside, &member);) {
            first = any ? first : member;
            any = true;
            known = client_is_one_of(member.key, kinds);
        }
        if (!known) {
            count(file, first.key);
            return;
        }
    }
}

void message_members_note(struct tree_file *file, struct json_value object,
                          const char *const *names)
{
    struct json_member member;
    for (struct json_walk walk = json_walk(object);
         object.type == JSON_TYPE_OBJECT && json_next_member(&walk, &member);) {
        if (!client_is_one_of(member.key, names)) {
            count(file, member.key);
            return;
        }
    }
}
