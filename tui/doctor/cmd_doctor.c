/* The checks, in the order in which a newcomer meets their subjects. */
#include "tui/doctor/doctor.h"

#include "tui/screen/console.h"

static void (*const groups[])(struct findings *out, const struct options *options) = {
    doctor_program,  doctor_clients, doctor_addresses,
    doctor_settings, doctor_files,   doctor_terminal,
};

static void put_sum(struct findings *findings)
{
    if (findings->fixes == 0) {
        strbuf_adds(&findings->text, "\nNothing has to be changed");
    } else {
        strbuf_addf(&findings->text, "\n%u %s to be changed: FIX above", findings->fixes,
                    findings->fixes == 1 ? "thing has" : "things have");
    }
    if (findings->notes > 0) {
        strbuf_addf(&findings->text, "; %u could be better: note above", findings->notes);
    }
    strbuf_adds(&findings->text, ".\n");
}

int cmd_doctor(const struct options *options)
{
    struct findings findings;
    struct strbuf error;
    findings_init(&findings, &mem_libc);
    strbuf_init(&error, &mem_libc, 0);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        groups[i](&findings, options);
    }
    put_sum(&findings);
    bool ok = !findings.text.failed && console_print(&findings.text, CONSOLE_TEXT, &error);
    if (!ok) {
        console_error(&error);
    }
    int status = ok && findings.fixes == 0 ? 0 : 1;
    strbuf_release(&error);
    findings_release(&findings);
    return status;
}
