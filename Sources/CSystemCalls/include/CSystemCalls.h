// Calls of the C library that Swift's Glibc module does not show.
#pragma once
#include <time.h>

/// `strptime`: NULL when the text does not fit the format.
const char *csystem_strptime(const char *text, const char *format, struct tm *out);
