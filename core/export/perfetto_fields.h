/* Numbers of the fields of Perfetto's messages that are written here.
   Source: https://perfetto.dev/docs/reference/trace-packet-proto and its schemas
   (protos/perfetto/trace: trace, trace_packet, clock_snapshot, interned_data, track_event/…). */
#ifndef CORE_EXPORT_PERFETTO_FIELDS_H
#define CORE_EXPORT_PERFETTO_FIELDS_H

enum trace_field { TRACE_PACKET = 1 };

enum trace_packet_field {
    PACKET_CLOCK_SNAPSHOT = 6,
    PACKET_TIMESTAMP = 8, /* ns */
    PACKET_SEQUENCE = 10, /* trusted_packet_sequence_id */
    PACKET_TRACK_EVENT = 11,
    PACKET_INTERNED_DATA = 12,
    PACKET_SEQUENCE_FLAGS = 13,
    PACKET_TRACK_DESCRIPTOR = 60,
    PACKET_FIRST_OF_SEQUENCE = 87
};

enum { PERFETTO_SEQUENCE = 1 }; /* all packets are of one */

/* PACKET_SEQUENCE_FLAGS: the packet is the first of its sequence; it needs interned data. */
enum sequence_flag { SEQUENCE_CLEARED = 1, SEQUENCE_NEEDED = 2 };

enum clock_snapshot_field { SNAPSHOT_CLOCK = 1, SNAPSHOT_PRIMARY = 2 };
enum clock_field { CLOCK_ID = 1, CLOCK_TIMESTAMP = 2 };
enum clock_id { CLOCK_REALTIME_ID = 1, CLOCK_BOOTTIME_ID = 6 /* of all timestamps here */ };

enum interned_field {
    INTERNED_CATEGORY = 1,
    INTERNED_NAME = 2,
    INTERNED_ARG_NAME = 3,
    INTERNED_ARG_TEXT = 29
};
/* Alike in all interned messages; the text of INTERNED_ARG_TEXT is of type bytes. */
enum interned_entry_field { ENTRY_IID = 1, ENTRY_TEXT = 2 };

enum track_descriptor_field {
    DESCRIPTOR_UUID = 1,
    DESCRIPTOR_NAME = 2,
    DESCRIPTOR_PROCESS = 3,
    DESCRIPTOR_THREAD = 4,
    DESCRIPTOR_PARENT = 5,
    DESCRIPTOR_COUNTER = 8
};
enum process_field { PROCESS_PID = 1, PROCESS_SORT_INDEX = 3, PROCESS_NAME = 6 };
enum thread_field { THREAD_PID = 1, THREAD_TID = 2, THREAD_SORT_INDEX = 3, THREAD_NAME = 5 };

enum track_event_field {
    EVENT_CATEGORY = 3, /* of INTERNED_CATEGORY */
    EVENT_ARG = 4,
    EVENT_LEGACY = 6,
    EVENT_TYPE = 9,
    EVENT_NAME = 10, /* of INTERNED_NAME */
    EVENT_TRACK = 11,
    EVENT_COUNT = 30,
    EVENT_DOUBLE_COUNT = 44,
    EVENT_FLOW = 47, /* fixed64 */
    EVENT_LAST_FLOW = 48
};
enum track_event_type { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };

/* Events of phases that have no type. */
enum legacy_event_field {
    LEGACY_PHASE = 2,
    LEGACY_UNSCOPED_ID = 6,
    LEGACY_SCOPE = 7,
    LEGACY_LOCAL_ID = 10,
    LEGACY_GLOBAL_ID = 11,
    LEGACY_BIND_ENCLOSING = 12
};

enum arg_field {
    ARG_NAME = 1, /* of INTERNED_ARG_NAME */
    ARG_BOOL = 2,
    ARG_UINT = 3,
    ARG_INT = 4,
    ARG_DOUBLE = 5,
    ARG_TEXT = 6,
    ARG_MEMBER = 11,       /* of an object */
    ARG_ITEM = 12,         /* of an array */
    ARG_INTERNED_TEXT = 17 /* of INTERNED_ARG_TEXT */
};

#endif
