// Calls of the C library that Swift's Glibc module does not show.
#pragma once
#include <time.h>

/// `strptime`: NULL when the text does not fit the format.
const char *csystem_strptime(const char *text, const char *format, struct tm *out);

/// Bytes allocated and not freed, over all arenas of the allocator.
long csystem_memory_allocated(void);

/// Gives free memory back to the system where the allocator can.
void csystem_memory_trim(void);
