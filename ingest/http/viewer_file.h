/* Whether a file is a trace that ui.perfetto.dev reads as it is: Perfetto's own format, or a Chrome
   Trace document or array; plain or gzip. */
#ifndef INGEST_VIEWER_FILE_H
#define INGEST_VIEWER_FILE_H

#include <stdbool.h>

/* Looks at the beginning of a regular file; the descriptor stays the caller's, its position too. */
bool viewer_file_reads(int fd);

#endif
