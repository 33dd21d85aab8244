// Varint postings (short lists, tails, the unsealed segment) and position streams.

#include "CKernels.h"
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

RK_INLINE uint32_t take_u32(const uint8_t **cursor) {
    const uint8_t *p = *cursor;
    uint32_t v = *p++;
    if (v >= 128) {
        v &= 127;
        for (int shift = 7; shift < 35; shift += 7) {
            const uint32_t b = *p++;
            v |= (b & 127) << shift;
            if (b < 128) break;
        }
    }
    *cursor = p;
    return v;
}

RK_INLINE void take_mask(const uint8_t **cursor, uint64_t *low, uint64_t *high) {
    const uint8_t *p = *cursor;
    unsigned __int128 v = 0;
    for (int shift = 0; shift < 133; shift += 7) {
        const uint8_t b = *p++;
        v |= (unsigned __int128)(b & 127) << shift;
        if (b < 128) break;
    }
    *cursor = p;
    *low = (uint64_t)v;
    *high = (uint64_t)(v >> 64);
}

int rk_decode_postings(rk_run *run, int count, uint32_t limit, int hasPositions, const uint64_t *defaultMask,
                       uint32_t *docs, uint32_t *frequencies, uint64_t *masks, uint32_t *positions, uintptr_t bias) {
    const uint8_t *p = run->cursor;
    uint32_t last = run->last;
    int i = 0;
    for (; i < count; i++) {
        if (*p == 0) break;
        const uint8_t *start = p;
        const uint32_t v = take_u32(&p);
        const uint32_t doc = last + (v >> 2);
        if (doc >= limit) {
            p = start;
            break;
        }
        last = doc;
        if (docs) docs[i] = doc;
        uint32_t f = 1;
        if (!(v & 1)) f = take_u32(&p);
        if (frequencies) frequencies[i] = f;
        if (v & 2) {
            if (masks) masks[2 * i] = defaultMask[0], masks[2 * i + 1] = defaultMask[1];
        } else {
            uint64_t low, high;
            take_mask(&p, &low, &high);
            if (masks) masks[2 * i] = low, masks[2 * i + 1] = high;
        }
        if (hasPositions) {
            if (positions) positions[i] = (uint32_t)((uintptr_t)p - bias);
            while (*p++ < 128) {}
        }
    }
    run->cursor = p;
    run->last = last;
    return i;
}

int rk_gather_postings(rk_run *run, int count, int hasPositions, const uint64_t *defaultMask, uint32_t *docs,
                       uint32_t *frequencies, uint64_t *masks, const uint8_t **positions) {
    const uint8_t *p = run->cursor;
    uint32_t last = run->last;
    int i = 0;
    for (; i < count && *p; i++) {
        const uint32_t v = take_u32(&p);
        last += v >> 2;
        docs[i] = last;
        frequencies[i] = v & 1 ? 1 : take_u32(&p);
        if (v & 2) {
            if (masks) masks[2 * i] = defaultMask[0], masks[2 * i + 1] = defaultMask[1];
        } else {
            uint64_t low, high;
            take_mask(&p, &low, &high);
            if (masks) masks[2 * i] = low, masks[2 * i + 1] = high;
        }
        if (hasPositions) {
            positions[i] = p;
            while (*p++ < 128) {}
        }
    }
    run->cursor = p;
    run->last = last;
    return i;
}

RK_INLINE uint8_t *put_u32(uint8_t *out, uint32_t v) {
    while (v >= 128) {
        *out++ = (uint8_t)(v | 128);
        v >>= 7;
    }
    *out++ = (uint8_t)v;
    return out;
}

RK_INLINE uint8_t *encode_head(uint8_t *out, uint32_t gap, uint32_t frequency, uint64_t maskLow, uint64_t maskHigh,
                               const uint64_t *defaultMask) {
    const int isDefault = maskLow == defaultMask[0] && maskHigh == defaultMask[1];
    out = put_u32(out, gap << 2 | (isDefault ? 2 : 0) | (frequency == 1));
    if (frequency != 1) out = put_u32(out, frequency);
    if (!isDefault) {
        unsigned __int128 v = (unsigned __int128)maskHigh << 64 | maskLow;
        while (v >= 128) {
            *out++ = (uint8_t)v | 128;
            v >>= 7;
        }
        *out++ = (uint8_t)v;
    }
    return out;
}

RK_INLINE uint8_t *copy_positions(uint8_t *out, const uint8_t *from) {
    uint8_t b;
    do {
        b = *from++;
        *out++ = b;
    } while (b < 128);
    return out;
}

uint8_t *rk_encode_postings(uint8_t *out, int count, uint32_t before, const uint32_t *docs, const uint32_t *frequencies,
                            const uint64_t *masks, const uint64_t *mask, const uint64_t *defaultMask,
                            const uint8_t *const *positions) {
    uint32_t last = before;
    for (int i = 0; i < count; i++) {
        const uint64_t *m = masks ? masks + 2 * i : mask;
        out = encode_head(out, docs[i] - last, frequencies[i], m[0], m[1], defaultMask);
        last = docs[i];
        if (positions) out = copy_positions(out, positions[i]);
    }
    return out;
}

size_t rk_positions_size(const uint8_t *const *positions, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = positions[i];
        while (*p++ < 128) {}
        size += (size_t)(p - positions[i]);
    }
    return size;
}

uint8_t *rk_copy_positions(const uint8_t *const *positions, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; i++) out = copy_positions(out, positions[i]);
    return out;
}

uint8_t *rk_encode_positions(uint8_t *out, const uint32_t *positions, size_t count) {
    uint32_t last = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t v = positions[i] - last;
        last = positions[i];
        while (v >= 64) {
            *out++ = (uint8_t)(v & 63) | 64;
            v >>= 6;
        }
        *out++ = (uint8_t)v;
    }
    out[-1] |= 128;
    return out;
}

uint8_t *rk_encode_posting(uint8_t *out, uint32_t gap, uint32_t frequency, uint64_t maskLow, uint64_t maskHigh,
                           const uint64_t *defaultMask, const uint32_t *positions, size_t positionCount) {
    out = encode_head(out, gap, frequency, maskLow, maskHigh, defaultMask);
    return positionCount ? rk_encode_positions(out, positions, positionCount) : out;
}

size_t rk_count_positions(const uint8_t *bytes) {
    size_t n = 0;
    for (;;) {
        const uint8_t b = *bytes++;
        n += (b & 64) == 0;
        if (b & 128) return n;
    }
}

const uint8_t *rk_decode_positions(const uint8_t *bytes, uint32_t *out) {
    uint32_t position = 0, v = 0;
    int shift = 0;
    for (;;) {
        const uint8_t b = *bytes++;
        v |= (uint32_t)(b & 63) << (shift & 31);
        if (b & 64) {
            shift += 6;
        } else {
            position += v;
            *out++ = position;
            v = 0;
            shift = 0;
        }
        if (b & 128) return bytes;
    }
}

const uint8_t *rk_skip_positions(const uint8_t *bytes, size_t count) {
    if (!count) return bytes;
#if defined(__SSE2__)
    for (;;) {
        unsigned ends = (unsigned)_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)bytes));
        const unsigned n = (unsigned)__builtin_popcount(ends);
        if (n < count) {
            count -= n;
            bytes += 16;
            continue;
        }
        while (--count) ends &= ends - 1;
        return bytes + __builtin_ctz(ends) + 1;
    }
#else
    while (count) count -= *bytes++ >> 7;
    return bytes;
#endif
}

void rk_position_starts(const uint8_t *bytes, size_t count, uint32_t *starts) {
    uint32_t offset = 0;
    *starts++ = 0;
#if defined(__SSE2__)
    while (count) {
        unsigned ends = (unsigned)_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(bytes + offset)));
        while (ends && count) {
            *starts++ = offset + (uint32_t)__builtin_ctz(ends) + 1;
            ends &= ends - 1;
            count--;
        }
        offset += 16;
    }
#else
    while (count) {
        if (bytes[offset++] & 128) {
            *starts++ = offset;
            count--;
        }
    }
#endif
}

void rk_position_addresses(const uint8_t *bytes, size_t count, const uint8_t **addresses) {
    for (size_t i = 0; i < count; i++) {
        addresses[i] = bytes;
        while (*bytes++ < 128) {}
    }
}
