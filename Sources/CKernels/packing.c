// 128 values in four lanes of 32: value i sits in lane i % 4, so one 16-byte load feeds four values.
//
//   word w of lane l = bits 32w ..< 32w + 32 of that lane's stream of 32 values, `bits` bits each

#include "CKernels.h"
#include <string.h>

typedef uint32_t v4 __attribute__((vector_size(16)));

RK_INLINE v4 load4(const void *p) { v4 v; memcpy(&v, p, 16); return v; }
RK_INLINE void store4(void *p, v4 v) { memcpy(p, &v, 16); }
RK_INLINE v4 all4(uint32_t x) { return (v4){x, x, x, x}; }
RK_INLINE uint32_t mask_of(int bits) { return bits >= 32 ? ~0u : (1u << bits) - 1; }

RK_INLINE void pack_width(const uint32_t *in, uint8_t *out, const int bits) {
    v4 word = all4(0);
    int fill = 0;
#pragma clang loop unroll(full)
    for (int i = 0; i < 32; i++) {
        v4 v = load4(in + 4 * i);
        word |= v << (uint32_t)fill;
        fill += bits;
        if (fill >= 32) {
            store4(out, word);
            out += 16;
            fill -= 32;
            word = fill ? v >> (uint32_t)(bits - fill) : all4(0);
        }
    }
}

RK_INLINE v4 extract_width(const uint8_t *in, const int i, const int bits) {
    const int bit = i * bits, word = bit >> 5, shift = bit & 31;
    v4 v = load4(in + 16 * word) >> (uint32_t)shift;
    if (shift + bits > 32) v |= load4(in + 16 * (word + 1)) << (uint32_t)(32 - shift);
    return v & all4(mask_of(bits));
}

RK_INLINE void unpack_width(const uint8_t *in, uint32_t *out, const int bits) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 32; i++) store4(out + 4 * i, extract_width(in, i, bits));
}

RK_INLINE v4 sum4(v4 v, v4 before) {
    const v4 zero = all4(0);
    v += __builtin_shufflevector(zero, v, 0, 4, 5, 6);
    v += __builtin_shufflevector(zero, v, 0, 0, 4, 5);
    return v + __builtin_shufflevector(before, before, 3, 3, 3, 3);
}

RK_INLINE void unpack_gaps_width(const uint8_t *in, uint32_t *out, const int bits, uint32_t base) {
    v4 last = all4(base);
#pragma clang loop unroll(full)
    for (int i = 0; i < 32; i++) {
        last = sum4(extract_width(in, i, bits) + all4(1), last);
        store4(out + 4 * i, last);
    }
}

#define EACH_WIDTH(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) \
    X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32)

void rk_pack(const uint32_t *in, uint8_t *out, int bits) {
    switch (bits) {
#define X(n) case n: pack_width(in, out, n); return;
        EACH_WIDTH(X)
#undef X
    }
}

void rk_unpack(const uint8_t *in, uint32_t *out, int bits) {
    switch (bits) {
#define X(n) case n: unpack_width(in, out, n); return;
        EACH_WIDTH(X)
#undef X
    }
    memset(out, 0, 512);
}

static void unpack_gaps_base(const uint8_t *in, uint32_t *out, int bits, uint32_t base) {
    switch (bits) {
#define X(n) case n: unpack_gaps_width(in, out, n, base); return;
        EACH_WIDTH(X)
#undef X
    }
    for (uint32_t i = 0; i < 128; i++) out[i] = base + 1 + i;
}

void rk_unpack_gaps(const uint8_t *in, uint32_t *out, int bits, uint32_t base) {
    unpack_gaps_base(in, out, bits, base);
}

void rk_sum_gaps(uint32_t *values, uint32_t base) {
    v4 last = all4(base);
    for (int i = 0; i < 32; i++) {
        last = sum4(load4(values + 4 * i) + all4(1), last);
        store4(values + 4 * i, last);
    }
}

void rk_apply_patches(const uint8_t *patches, int count, int width, int bits, uint32_t *values) {
    for (int i = 0; i < count; i++) {
        const int index = *patches++ & 127;
        uint32_t high = 0;
        for (int b = 0; b < width; b++) high |= (uint32_t)*patches++ << (8 * b);
        values[index] |= bits < 32 ? high << bits : 0;
    }
}

uint32_t rk_or_of_128(const uint32_t *values) {
    v4 sum = all4(0);
    for (int i = 0; i < 32; i++) sum |= load4(values + 4 * i);
    return sum[0] | sum[1] | sum[2] | sum[3];
}

int rk_lower_bound(const uint32_t *values, int count, uint32_t target) {
    // Ascending values: two halvings by branch-free steps leave at most 32 to compare four at a time.
    int from = 0, left = count;
    while (left > 32) {
        const int half = left >> 1;
        from += values[from + half - 1] < target ? half : 0;
        left -= half;
    }
    int below = 0;
    for (int i = 0; i < left; i++) below += values[from + i] < target;
    return from + below;
}
