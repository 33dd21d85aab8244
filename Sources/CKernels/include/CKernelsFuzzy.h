// Words within an edit distance: a filter over signatures, and the exact test of one term.
//
// What counts as near is defined in fuzzy.c.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Low bits of a signature that are the caller's.
#define RK_SIGNATURE_SHIFT 16

/// What letters a term has: a bit for each of 32 groups of code points, and one more for 16 of the groups when the term
/// has two or more of it. An edit adds one bit at most and takes one away at most. The low 16 bits are 0; `points` gets
/// the number of code points.
uint64_t rk_signature(const uint8_t *term, size_t length, size_t *points);

/// Low bits of those of `count` signatures that `distance` (0...3) edits may turn into `word`; returns how many. `out` has
/// room for `count`. At larger distances all are returned.
size_t rk_near_signatures(const uint64_t *signatures, size_t count, uint64_t word, int distance, uint16_t *out);
/// The same without vector instructions.
size_t rk_near_signatures_plain(const uint64_t *signatures, size_t count, uint64_t word, int distance, uint16_t *out);

/// A word to compare with, of at most 64 code points.
typedef struct {
    uint64_t ascii[128];     // places of each ASCII code point
    uint32_t others[64];     // other code points, each once,
    uint64_t places[64];     // and their places
    int other_count;
    int length;              // code points
    int distance;
} rk_fuzzy_word;

/// Returns 0 when the word has more than 64 code points.
int rk_fuzzy_init(rk_fuzzy_word *word, const uint8_t *bytes, size_t length, int distance);
int rk_fuzzy_matches(const rk_fuzzy_word *word, const uint8_t *term, size_t length);

/// Decodes one code point; bytes that form none count one each, apart from all code points. Returns its bytes.
size_t rk_code_point(const uint8_t *bytes, size_t length, uint32_t *point);
