// Which terms a fuzzy clause means. A term t is near a word w when
//
//   - at most k insertions, deletions and substitutions of code points turn one into the other, or
//   - that is so of t without its last code point, and of t and some prefix of w.
//
// The second rule is RediSearch's: its automaton keeps the verdict of the step before as long as it can go on. At k = 1
// it makes a swap of the last two letters one edit.

#include "CKernelsFuzzy.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))
#endif

size_t rk_code_point(const uint8_t *bytes, size_t length, uint32_t *point) {
    const uint32_t lead = bytes[0];
    if (lead < 0x80) {
        *point = lead;
        return 1;
    }
    const size_t wanted = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 1;
    uint32_t value = lead & (0x7Fu >> wanted);
    size_t i = 1;
    if (wanted <= length)
        for (; i < wanted && (bytes[i] & 0xC0) == 0x80; i++) value = value << 6 | (bytes[i] & 0x3F);
    if (wanted == 1 || i < wanted) {
        *point = 0x110000 + lead;
        return 1;
    }
    *point = value;
    return wanted;
}

// MARK: signatures

// Group of each ASCII code point. The first 16 groups, which are also counted to two, are of frequent letters.
static const uint8_t groups[128] = {
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 30, 31, 31, 31, 31, 26, 27, 28, 29, 26, 27,
    28, 29, 26, 27, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 1, 16, 9, 11, 0, 17, 15, 14, 2, 18, 19, 8, 13,
    4, 3, 12, 20, 5, 6, 7, 10, 21, 22, 23, 24, 25, 31, 31, 31, 31, 31};

uint64_t rk_signature(const uint8_t *term, size_t length, size_t *points) {
    uint32_t once = 0, twice = 0;
    size_t count = 0;
    for (size_t i = 0; i < length; count++) {
        uint32_t group;
        if (term[i] < 0x80) {
            group = groups[term[i++]];
        } else {
            uint32_t point;
            i += rk_code_point(term + i, length - i, &point);
            group = point * 2654435761u >> 27;
        }
        const uint32_t bit = 1u << group;
        twice |= once & bit;
        once |= bit;
    }
    *points = count;
    return (uint64_t)once << 32 | (uint64_t)(twice & 0xFFFF) << RK_SIGNATURE_SHIFT;
}

static inline int is_near(uint64_t signature, uint64_t word, int distance) {
    uint64_t removed = word & ~signature;
    uint64_t added = signature & ~(word | 0xFFFF);
    for (int i = 0; i < distance; i++) {
        removed &= removed - 1;
        added &= added - 1;
    }
    return (removed | added) == 0;
}

size_t rk_near_signatures_plain(const uint64_t *signatures, size_t count, uint64_t word, int distance, uint16_t *out) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        out[found] = (uint16_t)signatures[i];
        found += distance > 3 || is_near(signatures[i], word, distance);
    }
    return found;
}

#if defined(__x86_64__)
#define DEFINE_NEAR(NAME, DISTANCE)                                                                                  \
    AVX2 static size_t NAME(const uint64_t *signatures, size_t count, uint64_t word, uint16_t *out) {                \
        const __m256i wanted = _mm256_set1_epi64x((long long)word);                                                  \
        const __m256i known = _mm256_set1_epi64x((long long)(word | 0xFFFF));                                        \
        const __m256i minus = _mm256_set1_epi64x(-1);                                                                \
        size_t found = 0, i = 0;                                                                                     \
        for (; i + 8 <= count; i += 8) {                                                                             \
            unsigned mask = 0;                                                                                       \
            for (int half = 0; half < 2; half++) {                                                                   \
                const __m256i s = _mm256_loadu_si256((const __m256i *)(signatures + i + 4 * half));                  \
                __m256i removed = _mm256_andnot_si256(s, wanted);                                                    \
                __m256i added = _mm256_andnot_si256(known, s);                                                       \
                for (int k = 0; k < DISTANCE; k++) {                                                                 \
                    removed = _mm256_and_si256(removed, _mm256_add_epi64(removed, minus));                           \
                    added = _mm256_and_si256(added, _mm256_add_epi64(added, minus));                                 \
                }                                                                                                    \
                const __m256i far = _mm256_or_si256(removed, added);                                                 \
                const __m256i near = _mm256_cmpeq_epi64(far, _mm256_setzero_si256());                                \
                mask |= (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(near)) << (4 * half);                       \
            }                                                                                                        \
            for (; mask; mask &= mask - 1) out[found++] = (uint16_t)signatures[i + (size_t)__builtin_ctz(mask)];     \
        }                                                                                                            \
        return found + rk_near_signatures_plain(signatures + i, count - i, word, DISTANCE, out + found);             \
    }

DEFINE_NEAR(near1, 1)
DEFINE_NEAR(near2, 2)
DEFINE_NEAR(near3, 3)
#endif

size_t rk_near_signatures(const uint64_t *signatures, size_t count, uint64_t word, int distance, uint16_t *out) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        switch (distance) {
        case 1: return near1(signatures, count, word, out);
        case 2: return near2(signatures, count, word, out);
        case 3: return near3(signatures, count, word, out);
        default: break;
        }
    }
#endif
    return rk_near_signatures_plain(signatures, count, word, distance, out);
}

// MARK: the exact test

int rk_fuzzy_init(rk_fuzzy_word *word, const uint8_t *bytes, size_t length, int distance) {
    memset(word->ascii, 0, sizeof word->ascii);
    word->other_count = 0;
    word->distance = distance;
    int place = 0;
    for (size_t i = 0; i < length; place++) {
        if (place == 64) return 0;
        uint32_t point;
        i += rk_code_point(bytes + i, length - i, &point);
        if (point < 0x80) {
            word->ascii[point] |= 1ull << place;
            continue;
        }
        int k = 0;
        while (k < word->other_count && word->others[k] != point) k++;
        if (k == word->other_count) {
            word->others[k] = point;
            word->places[k] = 0;
            word->other_count++;
        }
        word->places[k] |= 1ull << place;
    }
    word->length = place;
    return 1;
}

// Myers' bit-parallel distance table: a column for each code point of the term, whose bits say where distances go up
// and down along the word.
int rk_fuzzy_matches(const rk_fuzzy_word *word, const uint8_t *term, size_t length) {
    const int m = word->length, k = word->distance;
    const uint64_t last = m == 0 ? 0 : 1ull << (m - 1);
    uint64_t up = ~0ull, down = 0;
    int score = m, before = m, columns = 0;
    for (size_t i = 0; i < length; columns++) {
        uint64_t equal = 0;
        if (term[i] < 0x80) {
            equal = word->ascii[term[i++]];
        } else {
            uint32_t point;
            i += rk_code_point(term + i, length - i, &point);
            for (int j = 0; j < word->other_count; j++)
                if (word->others[j] == point) equal = word->places[j];
        }
        const uint64_t diagonal = (((equal & up) + up) ^ up) | equal | down;
        uint64_t right = down | ~(diagonal | up), left = diagonal & up;
        before = score;
        if (m == 0) score++;
        score += (right & last) != 0;
        score -= (left & last) != 0;
        right = right << 1 | 1;
        left <<= 1;
        up = left | ~(diagonal | right);
        down = right & diagonal;
    }
    if (score <= k) return 1;
    if (columns == 0 || before > k) return 0;
    int distance = columns;
    for (int i = 0; i < m && distance > k; i++) distance += (int)(up >> i & 1) - (int)(down >> i & 1);
    return distance <= k;
}
