// Hot C loops of the engine. Every kernel has a plain C form; faster forms are chosen at run time.
//
//   packing.c     128 numbers at a fixed bit width, deltas, patches
//   bitmaps.c     windows of 64 words, ranks, set and extracted bits
//   postings.c    varint postings and position streams
//   bytes.c       substring search
//   fuzzy.c       edit distances, in a header of their own
//   columns.c, geo.c   field columns, in a header of their own
//   atomics       below: plain memory shared by one writer and many readers
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "CKernelsColumns.h"
#include "CKernelsExecution.h"
#include "CKernelsFuzzy.h"

#define RK_INLINE static inline __attribute__((always_inline))

// MARK: packing.c

/// Packs 128 values of at most `bits` bits (0...32) into `16 * bits` bytes.
void rk_pack(const uint32_t *in, uint8_t *out, int bits);
/// The inverse of `rk_pack`; `out` has room for 128.
void rk_unpack(const uint8_t *in, uint32_t *out, int bits);
/// Unpacks gaps less one and sums them up: out[i] = base + sum of (gap + 1) up to i. `base` may be ~0 (before 0).
void rk_unpack_gaps(const uint8_t *in, uint32_t *out, int bits, uint32_t base);
/// The summing half of `rk_unpack_gaps`, in place.
void rk_sum_gaps(uint32_t *values, uint32_t base);
/// Adds high bits to some values: `count` entries of (index u8, high bits in `width` bytes).
void rk_apply_patches(const uint8_t *patches, int count, int width, int bits, uint32_t *values);
/// OR of 128 values.
uint32_t rk_or_of_128(const uint32_t *values);
/// How many of the first `count` (<= 128) ascending values are below `target`.
int rk_lower_bound(const uint32_t *values, int count, uint32_t target);

// MARK: bitmaps.c (windows are 64 words)

void rk_window_or(uint64_t *to, const uint64_t *from);
void rk_window_and(uint64_t *to, const uint64_t *from);
void rk_window_and_not(uint64_t *to, const uint64_t *from);
size_t rk_popcount(const uint64_t *words, size_t count);
size_t rk_and_popcount(const uint64_t *a, const uint64_t *b, size_t count);
/// a AND NOT b.
size_t rk_and_not_popcount(const uint64_t *a, const uint64_t *b, size_t count);
/// Set bits in [from, to) of a bitmap.
size_t rk_rank(const uint64_t *words, size_t from, size_t to);
/// Writes the numbers of the next `count` set bits from bit `from` on; the bitmap must hold that many.
void rk_extract_bits(const uint64_t *words, size_t from, int count, uint32_t *out);
/// Writes `base` + the number of every set bit of `wordCount` words; returns how many.
size_t rk_list_bits(const uint64_t *words, size_t wordCount, uint32_t base, uint32_t *out);
/// Sets bit (values[i] - base) for all i.
void rk_set_bits(uint64_t *words, const uint32_t *values, size_t count, uint32_t base);
/// Values whose bit is set in `words` (by absolute number).
size_t rk_count_members(const uint64_t *words, const uint32_t *values, size_t count);

// MARK: postings.c
//
// One posting:   varint (gap << 2 | maskIsDefault << 1 | frequencyIsOne), gap >= 1
//                varint frequency, unless one      varint mask, unless default
//                position bytes, if the index keeps positions
// A position:    6 bits a byte, low bits first; bit 6: more bytes of this position follow; bit 7: end of the posting.
//                The first is absolute, the others are distances.

/// Where a run of postings stands while it is decoded.
typedef struct {
    const uint8_t *cursor;
    uint32_t last;        // docID of the posting before, ~0 before the first
} rk_run;

/// Decodes up to `count` postings until a zero byte or a docID >= `limit`; the run then stands before that posting.
/// Outputs may be null. `masks` gets two words a posting. `positions` gets (address of the position bytes - bias).
int rk_decode_postings(rk_run *run, int count, uint32_t limit, int hasPositions, const uint64_t *defaultMask,
                       uint32_t *docs, uint32_t *frequencies, uint64_t *masks, uint32_t *positions, uintptr_t bias);

/// As `rk_decode_postings`, without a limit, and with the addresses of the position bytes themselves.
int rk_gather_postings(rk_run *run, int count, int hasPositions, const uint64_t *defaultMask, uint32_t *docs,
                       uint32_t *frequencies, uint64_t *masks, const uint8_t **positions);

/// Bytes that a posting needs at most without its positions.
#define RK_POSTING_HEAD_BOUND 32

/// Writes one posting with ascending positions (`positionCount` 0: none are kept); returns the end. Needs room for
/// `RK_POSTING_HEAD_BOUND` bytes and six for each position.
uint8_t *rk_encode_posting(uint8_t *out, uint32_t gap, uint32_t frequency, uint64_t maskLow, uint64_t maskHigh,
                           const uint64_t *defaultMask, const uint32_t *positions, size_t positionCount);
/// Writes `count` postings after document `before` (~0: none) with the position bytes found at `positions` (null: none);
/// returns the end. `masks` has two words a posting; null: all have `mask`.
uint8_t *rk_encode_postings(uint8_t *out, int count, uint32_t before, const uint32_t *docs, const uint32_t *frequencies,
                            const uint64_t *masks, const uint64_t *mask, const uint64_t *defaultMask,
                            const uint8_t *const *positions);
/// Sum of the sizes of `count` postings' position bytes.
size_t rk_positions_size(const uint8_t *const *positions, size_t count);
/// Copies them one after the other; returns the end.
uint8_t *rk_copy_positions(const uint8_t *const *positions, size_t count, uint8_t *out);
/// Writes ascending positions; returns the end. At most 6 bytes each.
uint8_t *rk_encode_positions(uint8_t *out, const uint32_t *positions, size_t count);
/// How many positions the posting at `bytes` has.
size_t rk_count_positions(const uint8_t *bytes);
/// Decodes them all; returns the byte after the posting.
const uint8_t *rk_decode_positions(const uint8_t *bytes, uint32_t *out);
/// The start of the posting `count` postings further on. May read 15 bytes past that start.
const uint8_t *rk_skip_positions(const uint8_t *bytes, size_t count);
/// Writes the start of each of `count` postings relative to `bytes`, and then the end: `count + 1` numbers.
void rk_position_starts(const uint8_t *bytes, size_t count, uint32_t *starts);
/// The same as addresses, without the end.
void rk_position_addresses(const uint8_t *bytes, size_t count, const uint8_t **addresses);

// MARK: bytes.c

/// First occurrence of `needle` at or after `from`; `length` when there is none.
size_t rk_find(const uint8_t *bytes, size_t length, size_t from, const uint8_t *needle, size_t needleLength);

// MARK: atomics
//
// One writer stores with release what readers load with acquire; relaxed where something else orders.

RK_INLINE uint8_t rk_load_relaxed_u8(const void *p) { return __atomic_load_n((const uint8_t *)p, __ATOMIC_RELAXED); }
RK_INLINE void rk_store_relaxed_u8(void *p, uint8_t v) { __atomic_store_n((uint8_t *)p, v, __ATOMIC_RELAXED); }
RK_INLINE uint32_t rk_load_acquire_u32(const void *p) { return __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE); }
RK_INLINE uint32_t rk_load_relaxed_u32(const void *p) { return __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED); }
RK_INLINE void rk_store_release_u32(void *p, uint32_t v) { __atomic_store_n((uint32_t *)p, v, __ATOMIC_RELEASE); }
RK_INLINE void rk_store_relaxed_u32(void *p, uint32_t v) { __atomic_store_n((uint32_t *)p, v, __ATOMIC_RELAXED); }
RK_INLINE uint64_t rk_load_acquire_u64(const void *p) { return __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE); }
RK_INLINE uint64_t rk_load_relaxed_u64(const void *p) { return __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED); }
RK_INLINE void rk_store_release_u64(void *p, uint64_t v) { __atomic_store_n((uint64_t *)p, v, __ATOMIC_RELEASE); }
RK_INLINE void rk_store_relaxed_u64(void *p, uint64_t v) { __atomic_store_n((uint64_t *)p, v, __ATOMIC_RELAXED); }

/// Hints that memory will be read soon.
RK_INLINE void rk_prefetch(const void *p) { __builtin_prefetch(p); }
