#define _GNU_SOURCE
#include "CSystemCalls.h"

const char *csystem_strptime(const char *text, const char *format, struct tm *out) {
    return strptime(text, format, out);
}

#if defined(__GLIBC__)
#include <malloc.h>

long csystem_memory_allocated(void) {
    struct mallinfo2 info = mallinfo2();
    return (long)(info.uordblks + info.hblkhd);
}

void csystem_memory_trim(void) { malloc_trim(0); }

void csystem_memory_map_large(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }
#else
long csystem_memory_allocated(void) { return 0; }

void csystem_memory_trim(void) {}

void csystem_memory_map_large(int bytes) { (void)bytes; }
#endif
