/* The part of zlib that tests of core use, to read packed data, by the program gzip (.ci/musl). */
#include <stdio.h>
#include <zlib.h>

gzFile gzopen(const char *path, const char *mode)
{
    char command[4200];
    (void)mode;
    int len = snprintf(command, sizeof command, "exec gzip -dc '%s'", path);
    return len < (int)sizeof command ? (gzFile)(void *)popen(command, "r") : NULL;
}

int gzread(gzFile file, voidp bytes, unsigned len)
{
    return (int)fread(bytes, 1, len, (FILE *)(void *)file);
}

int gzclose(gzFile file)
{
    return pclose((FILE *)(void *)file) == 0 ? Z_OK : Z_ERRNO;
}
