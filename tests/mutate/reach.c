/* Notes which functions of the program a test runs: run inserts a call of mutate_reach() at the
   beginning of each. The file that MUTATE_REACHED names has a byte for each function. It is mapped,
   so that a process that is killed has noted all until then, and needs no descriptor. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FUNCTIONS_MAX = 1 << 14 };

void mutate_reach(unsigned function);

static unsigned char not_noted[FUNCTIONS_MAX];
static volatile unsigned char *reached = not_noted;

__attribute__((constructor)) static void map_reached(void)
{
    const char *path = getenv("MUTATE_REACHED");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return;
    }
    if (ftruncate(fd, FUNCTIONS_MAX) == 0) {
        void *map = mmap(NULL, FUNCTIONS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) {
            reached = map;
        }
    }
    close(fd);
}

void mutate_reach(unsigned function)
{
    if (reached[function % FUNCTIONS_MAX] == 0) {
        reached[function % FUNCTIONS_MAX] = 1;
    }
}
