// simdjson's on-demand reader over a trace: all fields of each event, args as the bytes they are. It builds nothing.
#include <simdjson.h>

#include <cstring>
#include <vector>

extern "C" size_t reference_simdjson(const char *text, size_t len, const char *kernel);

namespace {

struct event {
    const char *name, *cat, *args;
    size_t args_len;
    double ts, pid, tid;
    char ph;
};

void take(simdjson::ondemand::object object, event &out)
{
    for (auto field : object) {
        auto key = field.key().value();
        auto value = field.value();
        if (key == "name") {
            out.name = value.raw_json_token().value().data();
        } else if (key == "cat") {
            out.cat = value.raw_json_token().value().data();
        } else if (key == "ph") {
            out.ph = value.raw_json_token().value()[1];
        } else if (key == "ts") {
            out.ts = value.get_double().value();
        } else if (key == "pid") {
            out.pid = value.get_double().value();
        } else if (key == "tid") {
            out.tid = value.get_double().value();
        } else if (key == "args") {
            auto raw = value.get_object().value().raw_json().value();
            out.args = raw.data();
            out.args_len = raw.size();
        }
    }
}

} // namespace

size_t reference_simdjson(const char *text, size_t len, const char *kernel)
{
    const simdjson::implementation *wanted = simdjson::get_available_implementations()[kernel];
    if (wanted != nullptr && wanted->supported_by_runtime_system()) {
        simdjson::get_active_implementation() = wanted;
    }
    simdjson::ondemand::parser parser;
    std::vector<event> events;
    auto document = parser.iterate(simdjson::padded_string_view(text, len, len + 64)).value();
    for (auto item : document["traceEvents"].get_array()) {
        event one{};
        take(item.get_object().value(), one);
        events.push_back(one);
    }
    return events.size();
}
