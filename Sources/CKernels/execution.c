// Kernels of query execution. See CKernelsExecution.h.
//
// Each loop is written once and compiled for the machine at hand: the plain version everywhere, and
// for AVX2 where a constructor finds it. Multiplications and additions are never fused: a score must
// not depend on the processor.
#include "CKernelsExecution.h"
#include <string.h>

#if defined(__clang__)
#pragma clang fp contract(off)
#endif

#define INLINE static inline __attribute__((always_inline))

// ---------------------------------------------------------------- bodies

INLINE size_t popcount_body(const uint64_t *w, size_t n) {
  size_t c = 0;
  for (size_t i = 0; i < n; i++) c += (size_t)__builtin_popcountll(w[i]);
  return c;
}

INLINE uint64_t and_body(uint64_t *a, const uint64_t *b, size_t n) {
  uint64_t any = 0;
  for (size_t i = 0; i < n; i++) { uint64_t v = a[i] & b[i]; a[i] = v; any |= v; }
  return any;
}

INLINE uint64_t and_not_body(uint64_t *a, const uint64_t *b, size_t n) {
  uint64_t any = 0;
  for (size_t i = 0; i < n; i++) { uint64_t v = a[i] & ~b[i]; a[i] = v; any |= v; }
  return any;
}

INLINE void or_body(uint64_t *a, const uint64_t *b, size_t n) {
  for (size_t i = 0; i < n; i++) a[i] |= b[i];
}

INLINE uint64_t any_body(const uint64_t *w, size_t n) {
  uint64_t any = 0;
  for (size_t i = 0; i < n; i++) any |= w[i];
  return any;
}

INLINE size_t documents_body(const uint64_t *w, size_t n, uint32_t base, uint32_t *out) {
  uint32_t *p = out;
  for (size_t i = 0; i < n; i++) {
    uint64_t v = w[i];
    uint32_t at = base + (uint32_t)(i * 64);
    while (v) { *p++ = at + (uint32_t)__builtin_ctzll(v); v &= v - 1; }
  }
  return (size_t)(p - out);
}

INLINE unsigned lower_bound_128(const uint32_t *docs, uint32_t doc) {
  unsigned i = 0;
  i += docs[i + 63] < doc ? 64 : 0;
  i += docs[i + 31] < doc ? 32 : 0;
  i += docs[i + 15] < doc ? 16 : 0;
  i += docs[i + 7] < doc ? 8 : 0;
  i += docs[i + 3] < doc ? 4 : 0;
  i += docs[i + 1] < doc ? 2 : 0;
  i += docs[i] < doc ? 1 : 0;
  return i;  // at most 127
}

INLINE void gather_body(const uint32_t *docs, const uint32_t *f, const uint64_t *m, const uint32_t *c, size_t n,
                        uint32_t *out) {
  if (m) {
    for (size_t i = 0; i < n; i++) {
      unsigned at = lower_bound_128(docs, c[i]);
      uint32_t hit = (uint32_t)(m[at >> 6] >> (at & 63)) & 1u;
      out[i] = docs[at] == c[i] && hit ? f[at] : 0;
    }
  } else {
    for (size_t i = 0; i < n; i++) {
      unsigned at = lower_bound_128(docs, c[i]);
      uint32_t v = f[at];
      out[i] = docs[at] == c[i] ? v : 0;
    }
  }
}

INLINE void divisors_body(const uint32_t *l, size_t n, double k1, double b, double avg, double *out) {
  double rest = 1.0 - b;
  for (size_t i = 0; i < n; i++) out[i] = k1 * (rest + b * (double)(int32_t)l[i] / avg);
}

INLINE void bm25std_body(double *acc, const uint32_t *f, const double *d, size_t n, double c, double k1p) {
  for (size_t i = 0; i < n; i++) {
    double x = (double)(int32_t)f[i];
    acc[i] += c * x * k1p / (x + d[i]);
  }
}

INLINE void tfidf_body(double *acc, const uint32_t *f, size_t n, double w, double idf) {
  for (size_t i = 0; i < n; i++) acc[i] += w * (double)(int32_t)f[i] * idf;
}

INLINE void bm25_body(double *acc, const uint32_t *f, size_t n, double idf, double d) {
  for (size_t i = 0; i < n; i++) {
    double x = (double)(int32_t)f[i];
    acc[i] += idf * x / (x + d);
  }
}

INLINE void add_weighted_body(double *acc, const uint32_t *f, size_t n, double w) {
  for (size_t i = 0; i < n; i++) acc[i] += w * (double)(int32_t)f[i];
}

INLINE void max_weighted_body(double *acc, const uint32_t *f, size_t n, double w) {
  for (size_t i = 0; i < n; i++) {
    double x = w * (double)(int32_t)f[i];
    acc[i] = x > acc[i] ? x : acc[i];
  }
}

INLINE void add_scaled_body(double *acc, const double *v, size_t n, double w) {
  for (size_t i = 0; i < n; i++) acc[i] += v[i] * w;
}

INLINE void max_scaled_body(double *acc, const double *v, size_t n, double w) {
  for (size_t i = 0; i < n; i++) {
    double x = v[i] * w;
    acc[i] = x > acc[i] ? x : acc[i];
  }
}

INLINE void add_bounds_body(double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++) a[i] += b[i];
}

INLINE void add_positive_body(double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++) a[i] += b[i] > 0 ? b[i] : 0;
}

INLINE void max_bounds_body(double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++) a[i] = b[i] > a[i] ? b[i] : a[i];
}

INLINE void set_bits_body(uint64_t *words, const uint32_t *docs, size_t n, uint32_t base) {
  // Neighbors often share a word: it is gathered in a register, or each bit would wait for the store before it.
  if (!n) return;
  uint32_t bit = docs[0] - base;
  uint32_t at = bit >> 6;
  uint64_t word = words[at] | 1ull << (bit & 63);
  for (size_t i = 1; i < n; i++) {
    bit = docs[i] - base;
    uint32_t next = bit >> 6;
    words[at] = word;
    uint64_t other = words[next];
    word = (next == at ? word : other) | 1ull << (bit & 63);
    at = next;
  }
  words[at] = word;
}

INLINE void bits_before_body(const uint64_t *w, uint16_t *before) {
  unsigned n = 0;
  for (int i = 0; i < 64; i++) {
    before[i] = (uint16_t)n;
    n += (unsigned)__builtin_popcountll(w[i]);
  }
}

INLINE size_t hits_body(const uint64_t *c, const uint64_t *l, size_t first, size_t end, uint32_t *ordinals,
                        uint32_t *postings) {
  uint32_t before = 0, earlier = 0;
  for (size_t w = 0; w < first; w++) earlier += (uint32_t)__builtin_popcountll(l[w]);
  size_t n = 0;
  for (size_t w = first; w < end; w++) {
    uint64_t cw = c[w], lw = l[w], h = cw & lw;
    while (h) {
      uint64_t below = (h & -h) - 1;
      ordinals[n] = before + (uint32_t)__builtin_popcountll(cw & below);
      postings[n] = earlier + (uint32_t)__builtin_popcountll(lw & below);
      n++;
      h &= h - 1;
    }
    before += (uint32_t)__builtin_popcountll(cw);
    earlier += (uint32_t)__builtin_popcountll(lw);
  }
  return n;
}

// Bounds are rounded up to multiples of 1/48 of what is to be reached. Sums are kept as bit planes over a
// unit's 256 documents: plane b holds bit b of each document's sum.
#define WHOLE_SUM 48u
INLINE void keep_promising_body(uint64_t *words, uint32_t units, const uint64_t *const *leaves,
                                const double *const *bounds, const double *factors, size_t n, const double *totals,
                                double threshold) {
  typedef uint64_t lanes __attribute__((vector_size(32), aligned(8)));
  const double margin = 1 + 0x1p-36;
  while (units) {
    const unsigned u = (unsigned)__builtin_ctz(units);
    units &= units - 1;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
      double b = bounds[i][u];
      sum += b > 0 ? b * factors[i] : 0;
    }
    double rest = totals[u] - sum;
    rest = threshold - (rest > 0 ? rest * margin : 0);
    if (!(rest > 0)) continue;
    const double scale = WHOLE_SUM / rest * margin;
    lanes planes[16];
    int count = 0;
    for (size_t i = 0; i < n; i++) {
      double b = bounds[i][u];
      if (!(b > 0)) continue;
      b = b * factors[i] * scale;
      const uint32_t bound = b < 62 ? (uint32_t)b + 1 : 63;
      lanes members = *(const lanes *)(leaves[i] + 4 * u);
      lanes carry = {0, 0, 0, 0};
      int plane = 0;
      for (; plane < count || (bound >> plane); plane++) {
        if (plane == count) planes[count++] = (lanes){0, 0, 0, 0};
        lanes add = (bound >> plane & 1) ? members : (lanes){0, 0, 0, 0};
        lanes old = planes[plane];
        planes[plane] = old ^ add ^ carry;
        carry = (old & add) | (carry & (old | add));
      }
      if (count < 16 && (carry[0] | carry[1] | carry[2] | carry[3])) planes[count++] = carry;
    }
    lanes reaches = {~0ull, ~0ull, ~0ull, ~0ull};
    for (int plane = 0; plane < count; plane++)
      reaches = (WHOLE_SUM >> plane & 1) ? planes[plane] & reaches : planes[plane] | reaches;
    if (WHOLE_SUM >> count) reaches = (lanes){0, 0, 0, 0};
    lanes kept = *(const lanes *)(words + 4 * u) & reaches;
    memcpy(words + 4 * u, &kept, 32);
  }
}

INLINE void scale_by_documents_body(double *scores, const float *ds, const uint32_t *docs, size_t n) {
  for (size_t i = 0; i < n; i++) scores[i] = (double)ds[docs[i]] * scores[i];
}

INLINE int normalize_body(double *scores, const uint32_t *norms, const uint32_t *docs, size_t n, uint32_t shift,
                          uint32_t mask) {
  int saturated = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t norm = norms[docs[i]] >> shift & mask;
    saturated |= norm == mask;
    double score = scores[i] / (double)(int32_t)norm;
    score = norm != 0 && score > 0 ? score : 0;
    scores[i] = norm == mask ? scores[i] : score;
  }
  return saturated;
}

INLINE size_t select_body(const double *scores, size_t n, double threshold, uint32_t *places) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) {
    places[count] = (uint32_t)i;
    count += !(scores[i] < threshold);
  }
  return count;
}

INLINE void hit_bm25std_body(double *acc, const uint32_t *at, const uint32_t *f, size_t n, const double *d, double c,
                             double k1p) {
  size_t i = 0;
  double v[8];
  for (; i + 8 <= n; i += 8) {
    for (int j = 0; j < 8; j++) {
      double x = (double)(int32_t)f[i + j];
      v[j] = c * x * k1p / (x + d[at[i + j]]);
    }
    for (int j = 0; j < 8; j++) acc[at[i + j]] += v[j];
  }
  for (; i < n; i++) {
    double x = (double)(int32_t)f[i];
    acc[at[i]] += c * x * k1p / (x + d[at[i]]);
  }
}

INLINE void hit_tfidf_body(double *acc, const uint32_t *at, const uint32_t *f, size_t n, double w, double idf) {
  for (size_t i = 0; i < n; i++) acc[at[i]] += w * (double)(int32_t)f[i] * idf;
}

INLINE void hit_bm25_body(double *acc, const uint32_t *at, const uint32_t *f, size_t n, double idf, double d) {
  for (size_t i = 0; i < n; i++) {
    double x = (double)(int32_t)f[i];
    acc[at[i]] += idf * x / (x + d);
  }
}

INLINE void hit_add_weighted_body(double *acc, const uint32_t *at, const uint32_t *f, size_t n, double w) {
  for (size_t i = 0; i < n; i++) acc[at[i]] += w * (double)(int32_t)f[i];
}

INLINE void hit_max_weighted_body(double *acc, const uint32_t *at, const uint32_t *f, size_t n, double w) {
  for (size_t i = 0; i < n; i++) {
    double x = w * (double)(int32_t)f[i];
    double old = acc[at[i]];
    acc[at[i]] = x > old ? x : old;
  }
}

// ---------------------------------------------------------------- versions

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2,popcnt,bmi")))
#define KERNEL(result, name, parameters, arguments, body)                        \
  static result name##_base parameters { body arguments; }                       \
  WIDE static result name##_wide parameters { body arguments; }                  \
  static result(*name##_chosen) parameters = name##_base;                        \
  result name parameters { name##_chosen arguments; }
#define KERNEL_RESULT(result, name, parameters, arguments, body)                 \
  static result name##_base parameters { return body arguments; }                \
  WIDE static result name##_wide parameters { return body arguments; }           \
  static result(*name##_chosen) parameters = name##_base;                        \
  result name parameters { return name##_chosen arguments; }
#else
#define KERNEL(result, name, parameters, arguments, body) \
  result name parameters { body arguments; }
#define KERNEL_RESULT(result, name, parameters, arguments, body) \
  result name parameters { return body arguments; }
#endif

KERNEL_RESULT(size_t, rs_exec_popcount, (const uint64_t *w, size_t n), (w, n), popcount_body)
KERNEL_RESULT(uint64_t, rs_exec_and, (uint64_t *a, const uint64_t *b, size_t n), (a, b, n), and_body)
KERNEL_RESULT(uint64_t, rs_exec_and_not, (uint64_t *a, const uint64_t *b, size_t n), (a, b, n), and_not_body)
KERNEL(void, rs_exec_or, (uint64_t *a, const uint64_t *b, size_t n), (a, b, n), or_body)
KERNEL_RESULT(uint64_t, rs_exec_any, (const uint64_t *w, size_t n), (w, n), any_body)
KERNEL_RESULT(size_t, rs_exec_documents, (const uint64_t *w, size_t n, uint32_t base, uint32_t *out),
              (w, n, base, out), documents_body)
KERNEL(void, rs_exec_gather_block,
       (const uint32_t *docs, const uint32_t *f, const uint64_t *m, const uint32_t *c, size_t n, uint32_t *out),
       (docs, f, m, c, n, out), gather_body)
KERNEL(void, rs_exec_bm25std_divisors,
       (const uint32_t *l, size_t n, double k1, double b, double avg, double *out), (l, n, k1, b, avg, out),
       divisors_body)
KERNEL(void, rs_exec_add_bm25std,
       (double *acc, const uint32_t *f, const double *d, size_t n, double c, double k1p), (acc, f, d, n, c, k1p),
       bm25std_body)
KERNEL(void, rs_exec_add_tfidf, (double *acc, const uint32_t *f, size_t n, double w, double idf),
       (acc, f, n, w, idf), tfidf_body)
KERNEL(void, rs_exec_add_bm25, (double *acc, const uint32_t *f, size_t n, double idf, double d),
       (acc, f, n, idf, d), bm25_body)
KERNEL(void, rs_exec_add_weighted, (double *acc, const uint32_t *f, size_t n, double w), (acc, f, n, w),
       add_weighted_body)
KERNEL(void, rs_exec_max_weighted, (double *acc, const uint32_t *f, size_t n, double w), (acc, f, n, w),
       max_weighted_body)
KERNEL(void, rs_exec_add_scaled, (double *acc, const double *v, size_t n, double w), (acc, v, n, w), add_scaled_body)
KERNEL(void, rs_exec_max_scaled, (double *acc, const double *v, size_t n, double w), (acc, v, n, w), max_scaled_body)
KERNEL(void, rs_exec_add_bounds, (double *a, const double *b, size_t n), (a, b, n), add_bounds_body)
KERNEL(void, rs_exec_add_positive_bounds, (double *a, const double *b, size_t n), (a, b, n), add_positive_body)
KERNEL(void, rs_exec_max_bounds, (double *a, const double *b, size_t n), (a, b, n), max_bounds_body)

KERNEL(void, rs_exec_set_bits, (uint64_t *w, const uint32_t *docs, size_t n, uint32_t base), (w, docs, n, base),
       set_bits_body)
KERNEL(void, rs_exec_bits_before, (const uint64_t *w, uint16_t *b), (w, b), bits_before_body)
KERNEL_RESULT(size_t, rs_exec_hits,
              (const uint64_t *c, const uint64_t *l, size_t first, size_t end, uint32_t *o, uint32_t *p),
              (c, l, first, end, o, p), hits_body)
KERNEL(void, rs_exec_keep_promising,
       (uint64_t *w, uint32_t u, const uint64_t *const *l, const double *const *b, const double *f, size_t n,
        const double *t, double threshold),
       (w, u, l, b, f, n, t, threshold), keep_promising_body)
KERNEL(void, rs_exec_scale_by_documents, (double *s, const float *ds, const uint32_t *docs, size_t n),
       (s, ds, docs, n), scale_by_documents_body)
KERNEL_RESULT(int, rs_exec_normalize,
              (double *s, const uint32_t *norms, const uint32_t *docs, size_t n, uint32_t shift, uint32_t mask),
              (s, norms, docs, n, shift, mask), normalize_body)
KERNEL_RESULT(size_t, rs_exec_select, (const double *s, size_t n, double t, uint32_t *p), (s, n, t, p), select_body)
KERNEL(void, rs_exec_hit_bm25std,
       (double *acc, const uint32_t *at, const uint32_t *f, size_t n, const double *d, double c, double k1p),
       (acc, at, f, n, d, c, k1p), hit_bm25std_body)
KERNEL(void, rs_exec_hit_tfidf, (double *acc, const uint32_t *at, const uint32_t *f, size_t n, double w, double idf),
       (acc, at, f, n, w, idf), hit_tfidf_body)
KERNEL(void, rs_exec_hit_bm25, (double *acc, const uint32_t *at, const uint32_t *f, size_t n, double idf, double d),
       (acc, at, f, n, idf, d), hit_bm25_body)
KERNEL(void, rs_exec_hit_add_weighted, (double *acc, const uint32_t *at, const uint32_t *f, size_t n, double w),
       (acc, at, f, n, w), hit_add_weighted_body)
KERNEL(void, rs_exec_hit_max_weighted, (double *acc, const uint32_t *at, const uint32_t *f, size_t n, double w),
       (acc, at, f, n, w), hit_max_weighted_body)

void rs_exec_pad_block(uint32_t *docs, size_t count) {
  for (size_t i = count; i < 128; i++) docs[i] = UINT32_MAX;
}

int rs_exec_find_in_block(const uint32_t *docs, uint32_t doc) {
  unsigned at = lower_bound_128(docs, doc);
  return docs[at] == doc ? (int)at : -1;
}

size_t rs_exec_union(const uint32_t *a, size_t n, const uint32_t *b, size_t m, uint32_t *out) {
  // No branch depends on the documents: which list comes next is anybody's guess.
  size_t i = 0, j = 0, k = 0;
  while (i < n && j < m) {
    uint32_t x = a[i], y = b[j];
    out[k++] = x < y ? x : y;
    i += x <= y;
    j += y <= x;
  }
  if (i < n) { memcpy(out + k, a + i, (n - i) * sizeof *out); k += n - i; }
  if (j < m) { memcpy(out + k, b + j, (m - j) * sizeof *out); k += m - j; }
  return k;
}

void rs_exec_mark_sorted(const uint32_t *list, const uint32_t *c, size_t n, uint8_t *marks) {
  size_t at = 0;
  for (size_t i = 0; i < n; i++) {
    while (list[at] < c[i]) at++;
    marks[i] |= list[at] == c[i];
  }
}

void rs_exec_gather_sorted(const uint32_t *list, const uint32_t *f, const uint32_t *c, size_t n, uint32_t *out) {
  size_t at = 0;
  for (size_t i = 0; i < n; i++) {
    while (list[at] < c[i]) at++;
    size_t hit = list[at] == c[i];
    out[i] = f[at] & (0u - (uint32_t)hit);
    // Where the candidates hold the whole list the loop above never turns.
    at += hit;
  }
}

void rs_exec_mark_bits(const uint64_t *words, const uint32_t *c, size_t n, uint8_t *marks) {
  for (size_t i = 0; i < n; i++) marks[i] |= (uint8_t)(words[c[i] >> 6] >> (c[i] & 63) & 1);
}

size_t rs_exec_lower_bound(const uint32_t *docs, size_t n, uint32_t doc) {
  const uint32_t *base = docs;
  while (n > 1) {
    size_t half = n / 2;
    base = base[half - 1] < doc ? base + half : base;
    n -= half;
  }
  return (size_t)(base - docs) + (n == 1 && *base < doc);
}

size_t rs_exec_keep_marked(uint32_t *c, const uint8_t *marks, size_t n) {
  size_t k = 0;
  for (size_t i = 0; i < n; i++) {
    c[k] = c[i];
    k += marks[i];
  }
  return k;
}

int rs_exec_place_in_block(const uint32_t *docs, uint32_t doc) { return (int)lower_bound_128(docs, doc); }

void rs_exec_lengths(const uint32_t *norms, const uint32_t *docs, size_t count, uint32_t *out) {
  for (size_t i = 0; i < count; i++) out[i] = norms[docs[i]] & 0xFFFFF;
}

#if defined(__x86_64__)
__attribute__((constructor)) static void choose(void) {
  __builtin_cpu_init();
  if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi"))) return;
#define CHOOSE(name) name##_chosen = name##_wide;
  CHOOSE(rs_exec_popcount) CHOOSE(rs_exec_and) CHOOSE(rs_exec_and_not) CHOOSE(rs_exec_or) CHOOSE(rs_exec_any)
  CHOOSE(rs_exec_documents) CHOOSE(rs_exec_gather_block) CHOOSE(rs_exec_bm25std_divisors)
  CHOOSE(rs_exec_add_bm25std) CHOOSE(rs_exec_add_tfidf) CHOOSE(rs_exec_add_bm25) CHOOSE(rs_exec_add_weighted)
  CHOOSE(rs_exec_max_weighted) CHOOSE(rs_exec_add_scaled) CHOOSE(rs_exec_max_scaled) CHOOSE(rs_exec_add_bounds)
  CHOOSE(rs_exec_set_bits) CHOOSE(rs_exec_hits) CHOOSE(rs_exec_bits_before) CHOOSE(rs_exec_keep_promising) CHOOSE(rs_exec_scale_by_documents)
  CHOOSE(rs_exec_normalize) CHOOSE(rs_exec_select) CHOOSE(rs_exec_hit_bm25std)
  CHOOSE(rs_exec_hit_tfidf) CHOOSE(rs_exec_hit_bm25) CHOOSE(rs_exec_hit_add_weighted)
  CHOOSE(rs_exec_hit_max_weighted) CHOOSE(rs_exec_add_positive_bounds) CHOOSE(rs_exec_max_bounds)
#undef CHOOSE
}
#endif
