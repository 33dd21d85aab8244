// Calls of the C library that Swift's Glibc module does not show.
#pragma once
#include <time.h>

/// `strptime`: NULL when the text does not fit the format.
const char *csystem_strptime(const char *text, const char *format, struct tm *out);

/// Bytes allocated and not freed, over all arenas of the allocator.
long csystem_memory_allocated(void);

/// Gives free memory back to the system where the allocator can.
void csystem_memory_trim(void);

/// Pieces of so many bytes or more are mapped one by one: they go back to the system when they are freed. The allocator
/// would by itself raise the limit with each one that is.
void csystem_memory_map_large(int bytes);
