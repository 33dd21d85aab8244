// Range tests, sorting and docID packing of field columns. See CKernelsColumns.h.

#include "CKernelsColumns.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// MARK: one block of 128 values

typedef void (*block_test)(const void *values, const rk_column_range *range, uint64_t out[2]);

// The first `count` (at most 64) values of any kind, one by one: blocks that end early.
static uint64_t test_some(int kind, const void *values, const rk_column_range *range, size_t count) {
    uint64_t mask = 0;
    for (size_t i = 0; i < count; i++) {
        int match;
        switch (kind) {
        case rk_column_kind_integer:
            match = ((const uint32_t *)values)[i] - range->lower <= range->span;
            break;
        case rk_column_kind_float: {
            float v = ((const float *)values)[i];
            match = (v >= range->lower_float) & (v <= range->upper_float);
            break;
        }
        default: {
            double v = ((const double *)values)[i];
            match = (v >= range->lower_double) & (v <= range->upper_double);
            break;
        }
        }
        mask |= (uint64_t)match << i;
    }
    return mask;
}

// Tests the documents of the set bits only.
static void restrict_few(int kind, const char *place, const rk_column_range *range, uint64_t words[2]) {
    size_t size = kind == rk_column_kind_double ? 8 : 4;
    for (int w = 0; w < 2; w++) {
        for (uint64_t rest = words[w]; rest; rest &= rest - 1) {
            size_t bit = (size_t)__builtin_ctzll(rest);
            uint64_t match = test_some(kind, place + ((size_t)w * 64 + bit) * size, range, 1);
            words[w] &= ~((match ^ 1) << bit);
        }
    }
}

static void integer_plain(const void *values, const rk_column_range *range, uint64_t out[2]) {
    const uint32_t *v = values;
    uint32_t lower = range->lower, span = range->span;
    for (int w = 0; w < 2; w++, v += 64) {
        uint64_t mask = 0;
        for (int i = 0; i < 64; i++) mask |= (uint64_t)(v[i] - lower <= span) << i;
        out[w] = mask;
    }
}

static void float_plain(const void *values, const rk_column_range *range, uint64_t out[2]) {
    const float *v = values;
    float lower = range->lower_float, upper = range->upper_float;
    for (int w = 0; w < 2; w++, v += 64) {
        uint64_t mask = 0;
        for (int i = 0; i < 64; i++) mask |= (uint64_t)((v[i] >= lower) & (v[i] <= upper)) << i;
        out[w] = mask;
    }
}

static void double_plain(const void *values, const rk_column_range *range, uint64_t out[2]) {
    const double *v = values;
    double lower = range->lower_double, upper = range->upper_double;
    for (int w = 0; w < 2; w++, v += 64) {
        uint64_t mask = 0;
        for (int i = 0; i < 64; i++) mask |= (uint64_t)((v[i] >= lower) & (v[i] <= upper)) << i;
        out[w] = mask;
    }
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f")))

AVX2 static void integer_avx2(const void *values, const rk_column_range *range, uint64_t out[2]) {
    const __m256i *v = values;
    __m256i lower = _mm256_set1_epi32((int)range->lower), span = _mm256_set1_epi32((int)range->span);
    for (int w = 0; w < 2; w++) {
        uint64_t mask = 0;
        for (int i = 0; i < 8; i++) {
            __m256i x = _mm256_sub_epi32(_mm256_loadu_si256(v++), lower);
            __m256i match = _mm256_cmpeq_epi32(_mm256_min_epu32(x, span), x);
            mask |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(match)) << (i * 8);
        }
        out[w] = mask;
    }
}

AVX2 static void float_avx2(const void *values, const rk_column_range *range, uint64_t out[2]) {
    const float *v = values;
    __m256 lower = _mm256_set1_ps(range->lower_float), upper = _mm256_set1_ps(range->upper_float);
    for (int w = 0; w < 2; w++) {
        uint64_t mask = 0;
        for (int i = 0; i < 8; i++, v += 8) {
            __m256 x = _mm256_loadu_ps(v);
            __m256 match = _mm256_and_ps(
                _mm256_cmp_ps(x, lower, _CMP_GE_OQ), _mm256_cmp_ps(x, upper, _CMP_LE_OQ));
            mask |= (uint64_t)(uint32_t)_mm256_movemask_ps(match) << (i * 8);
        }
        out[w] = mask;
    }
}

AVX2 static void double_avx2(const void *values, const rk_column_range *range, uint64_t out[2]) {
    const double *v = values;
    __m256d lower = _mm256_set1_pd(range->lower_double), upper = _mm256_set1_pd(range->upper_double);
    for (int w = 0; w < 2; w++) {
        uint64_t mask = 0;
        for (int i = 0; i < 16; i++, v += 4) {
            __m256d x = _mm256_loadu_pd(v);
            __m256d match = _mm256_and_pd(
                _mm256_cmp_pd(x, lower, _CMP_GE_OQ), _mm256_cmp_pd(x, upper, _CMP_LE_OQ));
            mask |= (uint64_t)(uint32_t)_mm256_movemask_pd(match) << (i * 4);
        }
        out[w] = mask;
    }
}

AVX512 static void integer_avx512(const void *values, const rk_column_range *range, uint64_t out[2]) {
    const uint32_t *v = values;
    __m512i lower = _mm512_set1_epi32((int)range->lower), span = _mm512_set1_epi32((int)range->span);
    for (int w = 0; w < 2; w++) {
        uint64_t mask = 0;
        for (int i = 0; i < 4; i++, v += 16) {
            __m512i x = _mm512_sub_epi32(_mm512_loadu_si512(v), lower);
            mask |= (uint64_t)_mm512_cmple_epu32_mask(x, span) << (i * 16);
        }
        out[w] = mask;
    }
}

AVX512 static void float_avx512(const void *values, const rk_column_range *range, uint64_t out[2]) {
    const float *v = values;
    __m512 lower = _mm512_set1_ps(range->lower_float), upper = _mm512_set1_ps(range->upper_float);
    for (int w = 0; w < 2; w++) {
        uint64_t mask = 0;
        for (int i = 0; i < 4; i++, v += 16) {
            __m512 x = _mm512_loadu_ps(v);
            __mmask16 above = _mm512_cmp_ps_mask(x, lower, _CMP_GE_OQ);
            mask |= (uint64_t)_mm512_mask_cmp_ps_mask(above, x, upper, _CMP_LE_OQ) << (i * 16);
        }
        out[w] = mask;
    }
}

AVX512 static void double_avx512(const void *values, const rk_column_range *range, uint64_t out[2]) {
    const double *v = values;
    __m512d lower = _mm512_set1_pd(range->lower_double), upper = _mm512_set1_pd(range->upper_double);
    for (int w = 0; w < 2; w++) {
        uint64_t mask = 0;
        for (int i = 0; i < 8; i++, v += 8) {
            __m512d x = _mm512_loadu_pd(v);
            __mmask8 above = _mm512_cmp_pd_mask(x, lower, _CMP_GE_OQ);
            mask |= (uint64_t)_mm512_mask_cmp_pd_mask(above, x, upper, _CMP_LE_OQ) << (i * 8);
        }
        out[w] = mask;
    }
}

#endif

static block_test block_tests[3] = {integer_plain, float_plain, double_plain};

int rk_column_choose_kernels(int level) {
    block_tests[rk_column_kind_integer] = integer_plain;
    block_tests[rk_column_kind_float] = float_plain;
    block_tests[rk_column_kind_double] = double_plain;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (level >= 2 && __builtin_cpu_supports("avx512f")) {
        block_tests[rk_column_kind_integer] = integer_avx512;
        block_tests[rk_column_kind_float] = float_avx512;
        block_tests[rk_column_kind_double] = double_avx512;
        return 2;
    }
    if (level >= 1 && __builtin_cpu_supports("avx2")) {
        block_tests[rk_column_kind_integer] = integer_avx2;
        block_tests[rk_column_kind_float] = float_avx2;
        block_tests[rk_column_kind_double] = double_avx2;
        return 1;
    }
#else
    (void)level;
#endif
    return 0;
}

__attribute__((constructor)) static void choose_best_kernels(void) { rk_column_choose_kernels(2); }

// MARK: windows

enum { block_documents = 128 };

static size_t value_size(int kind) { return kind == rk_column_kind_double ? 8 : 4; }

typedef enum { block_none, block_all, block_some } block_verdict;

static inline block_verdict judge(rk_column_bounds bounds, size_t block, const rk_column_range *range) {
    if (!bounds.minimums) return block_some;
    double least = bounds.minimums[block], most = bounds.maximums[block];
    if (!(least <= range->upper_double && most >= range->lower_double)) return block_none;
    if ((bounds.full >> block & 1) && least >= range->lower_double && most <= range->upper_double)
        return block_all;
    return block_some;
}

void rk_column_fill(int kind, const void *values, rk_column_bounds bounds, const rk_column_range *range,
                  size_t documents, uint64_t *words) {
    const char *place = values;
    size_t stride = block_documents * value_size(kind);
    block_test test = block_tests[kind];
    size_t whole = documents / block_documents;
    for (size_t b = 0; b < whole; b++, place += stride, words += 2) {
        switch (judge(bounds, b, range)) {
        case block_none:
            break;
        case block_all:
            words[0] = words[1] = ~(uint64_t)0;
            break;
        case block_some: {
            uint64_t found[2];
            test(place, range, found);
            words[0] |= found[0];
            words[1] |= found[1];
        }
        }
    }
    size_t rest = documents % block_documents;
    if (rest == 0 || judge(bounds, whole, range) == block_none) return;
    words[0] |= test_some(kind, place, range, rest < 64 ? rest : 64);
    if (rest > 64) words[1] |= test_some(kind, place + stride / 2, range, rest - 64);
}

void rk_column_restrict(int kind, const void *values, rk_column_bounds bounds, const rk_column_range *range,
                      size_t documents, uint64_t *words) {
    const char *place = values;
    size_t stride = block_documents * value_size(kind);
    block_test test = block_tests[kind];
    size_t whole = documents / block_documents;
    size_t b = 0;
    for (; b < whole; b++, place += stride, words += 2) {
        if ((words[0] | words[1]) == 0) continue;
        switch (judge(bounds, b, range)) {
        case block_none:
            words[0] = words[1] = 0;
            break;
        case block_all:
            break;
        case block_some: {
            if (__builtin_popcountll(words[0]) + __builtin_popcountll(words[1]) <= 4) {
                restrict_few(kind, place, range, words);
                break;
            }
            uint64_t found[2];
            test(place, range, found);
            words[0] &= found[0];
            words[1] &= found[1];
        }
        }
    }
    size_t rest = documents % block_documents;
    if (rest) {
        if ((words[0] | words[1]) != 0) {
            words[0] &= test_some(kind, place, range, rest < 64 ? rest : 64);
            words[1] &= rest > 64 ? test_some(kind, place + stride / 2, range, rest - 64) : 0;
        }
        words += 2;
        b += 1;
    }
    if (b < 32) memset(words, 0, (32 - b) * 2 * sizeof *words);
}

// MARK: sorting

// Least significant digit first, 8 bits a pass. Digits that are the same everywhere cost no pass, so
// small integers take two or three.
void rk_column_sort_pairs(uint64_t *keys, uint32_t *ids, uint64_t *spare_keys, uint32_t *spare_ids,
                        size_t count) {
    if (count < 2) return;
    size_t counts[8][256] = {0};
    for (size_t i = 0; i < count; i++) {
        uint64_t key = keys[i];
        for (int d = 0; d < 8; d++) counts[d][key >> (8 * d) & 255]++;
    }
    uint64_t *from_keys = keys, *to_keys = spare_keys;
    uint32_t *from_ids = ids, *to_ids = spare_ids;
    for (int d = 0; d < 8; d++) {
        size_t *count_of = counts[d];
        int shift = 8 * d;
        if (count_of[from_keys[0] >> shift & 255] == count) continue;
        size_t sum = 0;
        for (int v = 0; v < 256; v++) {
            size_t n = count_of[v];
            count_of[v] = sum;
            sum += n;
        }
        for (size_t i = 0; i < count; i++) {
            size_t place = count_of[from_keys[i] >> shift & 255]++;
            to_keys[place] = from_keys[i];
            to_ids[place] = from_ids[i];
        }
        uint64_t *k = from_keys;
        from_keys = to_keys;
        to_keys = k;
        uint32_t *p = from_ids;
        from_ids = to_ids;
        to_ids = p;
    }
    if (from_keys != keys) {
        memcpy(keys, from_keys, count * sizeof *keys);
        memcpy(ids, from_ids, count * sizeof *ids);
    }
}
