// Substring search over an arena of terms: compare the needle's first and last byte 16 places at a time,
// then the whole needle at the few places where both agree.

#include "CKernels.h"
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

size_t rk_find(const uint8_t *bytes, size_t length, size_t from, const uint8_t *needle, size_t needleLength) {
    if (needleLength == 0) return from <= length ? from : length;
    if (needleLength > length) return length;
    const size_t end = length - needleLength + 1;    // first place where it no longer fits
    size_t i = from;
#if defined(__SSE2__)
    const __m128i first = _mm_set1_epi8((char)needle[0]);
    const __m128i last = _mm_set1_epi8((char)needle[needleLength - 1]);
    for (; i + 16 <= end; i += 16) {
        const __m128i a = _mm_loadu_si128((const __m128i *)(bytes + i));
        const __m128i b = _mm_loadu_si128((const __m128i *)(bytes + i + needleLength - 1));
        unsigned both = (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));
        while (both) {
            const size_t at = i + (size_t)__builtin_ctz(both);
            if (memcmp(bytes + at, needle, needleLength) == 0) return at;
            both &= both - 1;
        }
    }
#endif
    for (; i < end; i++)
        if (bytes[i] == needle[0] && memcmp(bytes + i, needle, needleLength) == 0) return i;
    return length;
}
