// Kernels of field columns: range tests over windows of documents, sorting, docID packing, circles.
//
// Every kernel has a plain C version; x86-64 versions are chosen once, when the program starts.
#pragma once

#include <stddef.h>
#include <stdint.h>

// MARK: range tests

// How a column stores its values. Signed and unsigned integers share one test, see `rk_column_range`.
enum {
    rk_column_kind_integer = 0,  // 4 bytes, signed or not
    rk_column_kind_float = 1,
    rk_column_kind_double = 2,
};

// One closed range in the forms that the kinds need. NaN never matches.
typedef struct {
    uint32_t lower;  // integers match when (uint32_t)value - lower <= span
    uint32_t span;
    float lower_float;
    float upper_float;
    double lower_double;
    double upper_double;
} rk_column_range;

// Per-block knowledge of one window; a block is 128 documents. `minimums` may be null: nothing is known.
typedef struct {
    const double *minimums;  // over the values of the block; +inf/-inf when it has none
    const double *maximums;
    uint32_t full;  // bit b: all documents of block b have a value
} rk_column_bounds;

// ORs the matching documents among the first `documents` (at most 4,096) of `values` into 64 words.
void rk_column_fill(int kind, const void *values, rk_column_bounds bounds, const rk_column_range *range,
                  size_t documents, uint64_t *words);

// Clears the bits of documents that do not match; bits at or past `documents` are cleared too.
void rk_column_restrict(int kind, const void *values, rk_column_bounds bounds, const rk_column_range *range,
                      size_t documents, uint64_t *words);

// Chooses the kernels again with at most this level (0 plain C, 1 AVX2, 2 AVX-512), for tests and
// comparisons. Returns the level in force.
int rk_column_choose_kernels(int level);

// MARK: sorting

// Sorts (key, id) pairs by key, keeping the order of equal keys. The spare arrays have room for `count`.
void rk_column_sort_pairs(uint64_t *keys, uint32_t *ids, uint64_t *spare_keys, uint32_t *spare_ids,
                        size_t count);

// MARK: circles

// A circle prepared by `rk_geo_prepare`.
typedef struct {
    double longitude, latitude;  // degrees
    double radius;               // meters
    double latitude_radians;
    double latitude_cosine;
    double threshold;  // squared half chord of the radius on the unit sphere
    double margin;     // below threshold - margin surely inside, above threshold + margin surely outside
} rk_geo_circle;

rk_geo_circle rk_geo_prepare(double longitude, double latitude, double radius);

// Great-circle distance in meters by the haversine formula.
double rk_geo_distance(double longitude1, double latitude1, double longitude2, double latitude2);

// Centre of a cell (latitude in the even bits, longitude in the odd ones, 26 bits each).
void rk_geo_decode(uint64_t cell, double *longitude, double *latitude);

// Whether the cell's centre is in the circle, exactly as `rk_geo_distance` says.
int rk_geo_contains(const rk_geo_circle *circle, uint64_t cell);

// Whether a point is surely in the circle (0 also when it is too close to tell).
int rk_geo_surely_contains(const rk_geo_circle *circle, double longitude, double latitude);

// Keeps those docIDs whose cell (cells[docID]) is in the circle; returns how many. `kept` may be `docids`.
size_t rk_geo_select(const rk_geo_circle *circle, const uint64_t *cells, const uint32_t *docids, size_t count,
                  uint32_t *kept);
