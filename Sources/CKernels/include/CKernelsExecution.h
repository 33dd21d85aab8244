// Kernels of query execution: window bitmaps, looking postings up in a block, scoring candidates.
#pragma once
#include <stdint.h>
#include <stddef.h>

// ---- bitmaps of one window (64 words) or any number of words

/// Number of bits set.
size_t rs_exec_popcount(const uint64_t *words, size_t count);
/// a &= b; returns the OR of the resulting words (0: none left).
uint64_t rs_exec_and(uint64_t *a, const uint64_t *b, size_t count);
/// a &= ~b; returns the OR of the resulting words.
uint64_t rs_exec_and_not(uint64_t *a, const uint64_t *b, size_t count);
/// a |= b
void rs_exec_or(uint64_t *a, const uint64_t *b, size_t count);
/// OR of all words: 0 when no bit is set.
uint64_t rs_exec_any(const uint64_t *words, size_t count);
/// Writes `base` + number of each set bit, ascending; returns how many. `out` needs room for all.
size_t rs_exec_documents(const uint64_t *words, size_t count, uint32_t base, uint32_t *out);

// ---- postings

/// Fills docs[count ..< 128] with UINT32_MAX, as rs_exec_find_in_block needs it.
void rs_exec_pad_block(uint32_t *docs, size_t count);
/// Index of `doc` among 128 ascending padded docs, or -1.
int rs_exec_find_in_block(const uint32_t *docs, uint32_t doc);
/// How many of 128 ascending padded docs are below `doc`; 127 when all may be.
int rs_exec_place_in_block(const uint32_t *docs, uint32_t doc);
/// out[i] = frequency of candidates[i] in the block, 0 when it is not there or its bit in `matching`
/// (2 words, NULL: all) is clear.
void rs_exec_gather_block(const uint32_t *docs, const uint32_t *frequencies, const uint64_t *matching,
                          const uint32_t *candidates, size_t count, uint32_t *out);

/// Bits set in one word.
static inline __attribute__((always_inline)) intptr_t rs_exec_bits(uint64_t word) {
  return (intptr_t)__builtin_popcountll(word);
}
/// before[w] = bits set in the words before word w, for 64 words.
void rs_exec_bits_before(const uint64_t *words, uint16_t *before);
/// words |= bits (docs[i] - base); the docs ascend.
void rs_exec_set_bits(uint64_t *words, const uint32_t *docs, size_t count, uint32_t base);
/// The documents that are both candidates and in a leaf's window words (64 each): for each, ascending, its
/// place among the candidates and its place among the leaf's postings of the window. All candidates are in the
/// words `first ..< end`. Returns how many.
size_t rs_exec_hits(const uint64_t *candidates, const uint64_t *leaf, size_t first, size_t end, uint32_t *ordinals,
                    uint32_t *postings);
/// Keeps, unit by unit of 4 words, the documents whose leaves' bounds can add up to a threshold.
///
///   units      bit u: look at unit u of the window's 16; the words of others are left alone
///   leaves     each leaf's 64 words
///   bounds     each leaf's bounds of the 16 units: what membership in the leaf adds at most
///   factors    what they are multiplied by
///   totals     the units' bounds as a whole: what is not from leaves goes to every document
void rs_exec_keep_promising(uint64_t *words, uint32_t units, const uint64_t *const *leaves,
                            const double *const *bounds, const double *factors, size_t leafCount,
                            const double *totals, double threshold);

// ---- ascending lists of documents

/// Writes the documents of either list, each once; returns how many. `out` needs room for all and is neither list.
size_t rs_exec_union(const uint32_t *a, size_t countA, const uint32_t *b, size_t countB, uint32_t *out);
/// marks[i] = 1 where candidates[i] is in the list; others stay as they are. The list ends with UINT32_MAX.
void rs_exec_mark_sorted(const uint32_t *list, const uint32_t *candidates, size_t count, uint8_t *marks);
/// out[i] = the frequency of candidates[i], 0 when the list does not hold it. The list ends with UINT32_MAX, and
/// there is a frequency for that, too.
void rs_exec_gather_sorted(const uint32_t *list, const uint32_t *frequencies, const uint32_t *candidates, size_t count,
                           uint32_t *out);
/// marks[i] = 1 where the bit of candidates[i] is set; others stay as they are.
void rs_exec_mark_bits(const uint64_t *words, const uint32_t *candidates, size_t count, uint8_t *marks);
/// How many of `count` ascending documents are below `doc`.
size_t rs_exec_lower_bound(const uint32_t *docs, size_t count, uint32_t doc);
/// Keeps the candidates whose mark is 1; returns how many.
size_t rs_exec_keep_marked(uint32_t *candidates, const uint8_t *marks, size_t count);

// ---- scores: acc[i] += (or = max of) the value of one leaf for candidate i
// The order of operations is part of the contract: scores equal the reference server's to the last digit.

/// out[i] = (low 20 bits of norms[docs[i]])
void rs_exec_lengths(const uint32_t *norms, const uint32_t *docs, size_t count, uint32_t *out);
/// out[i] = k1 * (1 - b + b * lengths[i] / average)
void rs_exec_bm25std_divisors(const uint32_t *lengths, size_t count, double k1, double b, double average, double *out);
/// acc[i] += c * f[i] * k1p / (f[i] + divisors[i])
void rs_exec_add_bm25std(double *acc, const uint32_t *f, const double *divisors, size_t count, double c, double k1p);
/// acc[i] += w * f[i] * idf
void rs_exec_add_tfidf(double *acc, const uint32_t *f, size_t count, double w, double idf);
/// acc[i] += idf * f[i] / (f[i] + divisor)
void rs_exec_add_bm25(double *acc, const uint32_t *f, size_t count, double idf, double divisor);
/// acc[i] += w * f[i]
void rs_exec_add_weighted(double *acc, const uint32_t *f, size_t count, double w);
/// acc[i] = max(acc[i], w * f[i])
void rs_exec_max_weighted(double *acc, const uint32_t *f, size_t count, double w);
/// acc[i] += values[i] * w
void rs_exec_add_scaled(double *acc, const double *values, size_t count, double w);
/// acc[i] = max(acc[i], values[i] * w)
void rs_exec_max_scaled(double *acc, const double *values, size_t count, double w);

// The same for candidates `at[i]` alone, whose frequencies are f[i].

void rs_exec_hit_bm25std(double *acc, const uint32_t *at, const uint32_t *f, size_t count, const double *divisors,
                         double c, double k1p);
void rs_exec_hit_tfidf(double *acc, const uint32_t *at, const uint32_t *f, size_t count, double w, double idf);
void rs_exec_hit_bm25(double *acc, const uint32_t *at, const uint32_t *f, size_t count, double idf, double divisor);
void rs_exec_hit_add_weighted(double *acc, const uint32_t *at, const uint32_t *f, size_t count, double w);
void rs_exec_hit_max_weighted(double *acc, const uint32_t *at, const uint32_t *f, size_t count, double w);

// ---- documents' scores

/// scores[i] = (double)documentScores[docs[i]] * scores[i]
void rs_exec_scale_by_documents(double *scores, const float *documentScores, const uint32_t *docs, size_t count);
/// scores[i] = max(0, scores[i] / norm), 0 for norm 0, where norm = norms[docs[i]] >> shift & mask.
/// A norm that is the mask itself says that the true one is elsewhere: its score stays as it was. Returns whether
/// there was one.
int rs_exec_normalize(double *scores, const uint32_t *norms, const uint32_t *docs, size_t count, uint32_t shift,
                      uint32_t mask);
/// Writes the places of scores that are at least the threshold or no numbers; returns how many.
size_t rs_exec_select(const double *scores, size_t count, double threshold, uint32_t *places);

// ---- bounds

/// a[i] += b[i]
void rs_exec_add_bounds(double *a, const double *b, size_t count);
/// a[i] += max(b[i], 0)
void rs_exec_add_positive_bounds(double *a, const double *b, size_t count);
/// a[i] = max(a[i], b[i])
void rs_exec_max_bounds(double *a, const double *b, size_t count);
