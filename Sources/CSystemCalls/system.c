#define _GNU_SOURCE
#include "CSystemCalls.h"

const char *csystem_strptime(const char *text, const char *format, struct tm *out) {
    return strptime(text, format, out);
}
