// Bitmaps of documents. A window is 64 words, so that every loop length is known to the compiler.

#include "CKernels.h"
#include <string.h>

#if defined(__x86_64__)
#define RK_X86 1
#endif

#define BODY_OR for (int i = 0; i < 64; i++) to[i] |= from[i];
#define BODY_AND for (int i = 0; i < 64; i++) to[i] &= from[i];
#define BODY_AND_NOT for (int i = 0; i < 64; i++) to[i] &= ~from[i];
#define BODY_POPCOUNT \
    size_t n = 0; \
    for (size_t i = 0; i < count; i++) n += (size_t)__builtin_popcountll(words[i]); \
    return n;
#define BODY_AND_POPCOUNT \
    size_t n = 0; \
    for (size_t i = 0; i < count; i++) n += (size_t)__builtin_popcountll(a[i] & b[i]); \
    return n;
#define BODY_AND_NOT_POPCOUNT \
    size_t n = 0; \
    for (size_t i = 0; i < count; i++) n += (size_t)__builtin_popcountll(a[i] & ~b[i]); \
    return n;

static void window_or_base(uint64_t *to, const uint64_t *from) { BODY_OR }
static void window_and_base(uint64_t *to, const uint64_t *from) { BODY_AND }
static void window_and_not_base(uint64_t *to, const uint64_t *from) { BODY_AND_NOT }
static size_t popcount_base(const uint64_t *words, size_t count) { BODY_POPCOUNT }
static size_t and_popcount_base(const uint64_t *a, const uint64_t *b, size_t count) { BODY_AND_POPCOUNT }
static size_t and_not_popcount_base(const uint64_t *a, const uint64_t *b, size_t count) { BODY_AND_NOT_POPCOUNT }

static void (*window_or)(uint64_t *, const uint64_t *) = window_or_base;
static void (*window_and)(uint64_t *, const uint64_t *) = window_and_base;
static void (*window_and_not)(uint64_t *, const uint64_t *) = window_and_not_base;
static size_t (*popcount)(const uint64_t *, size_t) = popcount_base;
static size_t (*and_popcount)(const uint64_t *, const uint64_t *, size_t) = and_popcount_base;
static size_t (*and_not_popcount)(const uint64_t *, const uint64_t *, size_t) = and_not_popcount_base;

#if RK_X86
#define AVX2 __attribute__((target("avx2,popcnt,bmi")))
AVX2 static void window_or_avx2(uint64_t *to, const uint64_t *from) { BODY_OR }
AVX2 static void window_and_avx2(uint64_t *to, const uint64_t *from) { BODY_AND }
AVX2 static void window_and_not_avx2(uint64_t *to, const uint64_t *from) { BODY_AND_NOT }
AVX2 static size_t popcount_avx2(const uint64_t *words, size_t count) { BODY_POPCOUNT }
AVX2 static size_t and_popcount_avx2(const uint64_t *a, const uint64_t *b, size_t count) { BODY_AND_POPCOUNT }
AVX2 static size_t and_not_popcount_avx2(const uint64_t *a, const uint64_t *b, size_t count) { BODY_AND_NOT_POPCOUNT }

// Runs before main, so that nothing else sees the pointers change.
__attribute__((constructor)) static void pick(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("popcnt")) return;
    window_or = window_or_avx2;
    window_and = window_and_avx2;
    window_and_not = window_and_not_avx2;
    popcount = popcount_avx2;
    and_popcount = and_popcount_avx2;
    and_not_popcount = and_not_popcount_avx2;
}
#endif

void rk_window_or(uint64_t *to, const uint64_t *from) { window_or(to, from); }
void rk_window_and(uint64_t *to, const uint64_t *from) { window_and(to, from); }
void rk_window_and_not(uint64_t *to, const uint64_t *from) { window_and_not(to, from); }
size_t rk_popcount(const uint64_t *words, size_t count) { return popcount(words, count); }
size_t rk_and_popcount(const uint64_t *a, const uint64_t *b, size_t count) { return and_popcount(a, b, count); }
size_t rk_and_not_popcount(const uint64_t *a, const uint64_t *b, size_t count) { return and_not_popcount(a, b, count); }

size_t rk_rank(const uint64_t *words, size_t from, size_t to) {
    if (from >= to) return 0;
    const size_t first = from >> 6, last = to >> 6;
    const uint64_t head = ~0ull << (from & 63);
    const uint64_t tail = (to & 63) ? ~0ull >> (64 - (to & 63)) : 0;
    if (first == last) return (size_t)__builtin_popcountll(words[first] & head & tail);
    size_t n = (size_t)__builtin_popcountll(words[first] & head);
    n += popcount(words + first + 1, last - first - 1);
    if (tail) n += (size_t)__builtin_popcountll(words[last] & tail);
    return n;
}

void rk_extract_bits(const uint64_t *words, size_t from, int count, uint32_t *out) {
    size_t word = from >> 6;
    uint64_t bits = words[word] & (~0ull << (from & 63));
    while (count > 0) {
        while (bits) {
            *out++ = (uint32_t)(word << 6) + (uint32_t)__builtin_ctzll(bits);
            bits &= bits - 1;
            if (--count == 0) return;
        }
        bits = words[++word];
    }
}

size_t rk_list_bits(const uint64_t *words, size_t wordCount, uint32_t base, uint32_t *out) {
    uint32_t *start = out;
    for (size_t w = 0; w < wordCount; w++) {
        uint64_t bits = words[w];
        while (bits) {
            *out++ = base + (uint32_t)(w << 6) + (uint32_t)__builtin_ctzll(bits);
            bits &= bits - 1;
        }
    }
    return (size_t)(out - start);
}

void rk_set_bits(uint64_t *words, const uint32_t *values, size_t count, uint32_t base) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t bit = values[i] - base;
        words[bit >> 6] |= 1ull << (bit & 63);
    }
}

size_t rk_count_members(const uint64_t *words, const uint32_t *values, size_t count) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) n += words[values[i] >> 6] >> (values[i] & 63) & 1;
    return n;
}
