// Circles on the sphere over 52-bit cells. See CKernelsColumns.h.

#include "CKernelsColumns.h"

#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Distances must come out the same on every machine.
#pragma STDC FP_CONTRACT OFF

static const double earth_radius = 6372797.560856;
static const double degree = 0.017453292519943295769236907684886;
static const double latitude_limit = 85.05112878;
static const double longitude_limit = 180;
static const double cells_per_axis = 67108864;  // 2^26

// Every second bit of `bits`, from bit 0.
static inline uint64_t every_second_bit(uint64_t bits) {
    bits &= 0x5555555555555555ULL;
    bits = (bits | bits >> 1) & 0x3333333333333333ULL;
    bits = (bits | bits >> 2) & 0x0F0F0F0F0F0F0F0FULL;
    bits = (bits | bits >> 4) & 0x00FF00FF00FF00FFULL;
    bits = (bits | bits >> 8) & 0x0000FFFF0000FFFFULL;
    return (bits | bits >> 16) & 0xFFFFFFFF;
}

// The centre as the mean of the cell's edges, which themselves are rounded: the order of operations
// decides the last bit, and with it a printed distance.
static double centre(uint64_t index, double limit) {
    double low = -limit + ((double)index / cells_per_axis) * (limit - -limit);
    double high = -limit + ((double)(index + 1) / cells_per_axis) * (limit - -limit);
    double middle = (low + high) / 2;
    return middle > limit ? limit : middle < -limit ? -limit : middle;
}

void rk_geo_decode(uint64_t cell, double *longitude, double *latitude) {
    *latitude = centre(every_second_bit(cell), latitude_limit);
    *longitude = centre(every_second_bit(cell >> 1), longitude_limit);
}

double rk_geo_distance(double longitude1, double latitude1, double longitude2, double latitude2) {
    double lat1 = latitude1 * degree, lon1 = longitude1 * degree;
    double lat2 = latitude2 * degree, lon2 = longitude2 * degree;
    double u = sin((lat2 - lat1) / 2), v = sin((lon2 - lon1) / 2);
    return 2.0 * earth_radius * asin(sqrt(u * u + cos(lat1) * cos(lat2) * v * v));
}

// MARK: the fast test
//
// A point is inside when the squared half chord sin(dlat/2)^2 + cos cos sin(dlon/2)^2 is at most the
// radius's. The sines come from a polynomial good to 1e-9 and the margin is 1e-6, so only points within a
// millionth of the border need the exact formula.

rk_geo_circle rk_geo_prepare(double longitude, double latitude, double radius) {
    rk_geo_circle circle = {longitude, latitude, radius, latitude * degree, cos(latitude * degree), 0, 0};
    double half = radius / (2 * earth_radius);
    double chord = half >= M_PI / 2 ? 1 : half <= 0 ? 0 : sin(half);
    circle.threshold = chord * chord;
    circle.margin = 1e-6 * circle.threshold + 1e-14 * chord + 1e-28;
    if (half >= M_PI / 2) circle.threshold = 2;  // the whole earth
    return circle;
}

// sin(y) for |y| <= pi/2.
__attribute__((always_inline)) static inline double sine(double y) {
#pragma STDC FP_CONTRACT ON
    double z = y * y;
    double p = 1.6059043836821613e-10;
    p = p * z - 2.5052108385441720e-8;
    p = p * z + 2.7557319223985893e-6;
    p = p * z - 1.9841269841269841e-4;
    p = p * z + 8.3333333333333333e-3;
    p = p * z - 1.6666666666666667e-1;
    return y + y * z * p;
}

__attribute__((always_inline)) static inline double half_chord_squared(const rk_geo_circle *circle,
                                                                       double longitude, double latitude) {
#pragma STDC FP_CONTRACT ON
    double radians = latitude * degree;
    double around = fabs(longitude - circle->longitude);
    around = around > 180 ? 360 - around : around;
    double u = sine((radians - circle->latitude_radians) * 0.5);
    double v = sine(around * (degree * 0.5));
    double w = sine(radians * 0.5);
    return u * u + circle->latitude_cosine * (1 - 2 * w * w) * (v * v);
}

__attribute__((always_inline)) static inline double chord_of_coordinates(const rk_geo_circle *circle, int32_t x,
                                                                         int32_t y) {
    double latitude = ((double)y + 0.5) * (2 * latitude_limit / cells_per_axis) - latitude_limit;
    double longitude = ((double)x + 0.5) * (2 * longitude_limit / cells_per_axis) - longitude_limit;
    // The last index of an axis is the limit itself, not a cell's middle.
    latitude = latitude > latitude_limit ? latitude_limit : latitude;
    longitude = longitude > longitude_limit ? longitude_limit : longitude;
    return half_chord_squared(circle, longitude, latitude);
}

int rk_geo_contains(const rk_geo_circle *circle, uint64_t cell) {
    double longitude, latitude;
    rk_geo_decode(cell, &longitude, &latitude);
    return rk_geo_distance(circle->longitude, circle->latitude, longitude, latitude) <= circle->radius;
}

int rk_geo_surely_contains(const rk_geo_circle *circle, double longitude, double latitude) {
    return half_chord_squared(circle, longitude, latitude) < circle->threshold - circle->margin;
}

enum { batch = 16 };

// One selector per instruction set. EVEN_BITS is the quickest way to take a cell apart there.
#define DEFINE_SELECT(name, attributes, EVEN_BITS)                                                        \
    attributes static size_t name(const rk_geo_circle *circle, const uint64_t *cells,                     \
                                  const uint32_t *docids, size_t count, uint32_t *kept) {                 \
        const double low = circle->threshold - circle->margin, high = circle->threshold + circle->margin; \
        size_t found = 0;                                                                                 \
        for (size_t start = 0; start < count; start += batch) {                                           \
            const size_t n = count - start < batch ? count - start : batch;                               \
            int32_t x[batch] = {0}, y[batch] = {0};                                                       \
            double chord[batch];                                                                          \
            for (size_t i = 0; i < n; i++) {                                                              \
                const uint64_t cell = cells[docids[start + i]];                                           \
                x[i] = (int32_t)EVEN_BITS(cell >> 1);                                                     \
                y[i] = (int32_t)EVEN_BITS(cell);                                                          \
            }                                                                                             \
            for (size_t i = 0; i < batch; i++) chord[i] = chord_of_coordinates(circle, x[i], y[i]);       \
            for (size_t i = 0; i < n; i++) {                                                              \
                /* Without a branch: sides of the border come in no order that a processor could guess. */ \
                const uint32_t docid = docids[start + i];                                                 \
                const int exists = y[i] >= 0;                                                             \
                kept[found] = docid;                                                                      \
                found += (size_t)((chord[i] < low) & exists);                                             \
                if (__builtin_expect((chord[i] >= low) & (chord[i] <= high), 0))                          \
                    found += (size_t)(exists && rk_geo_contains(circle, cells[docid]));                   \
            }                                                                                             \
        }                                                                                                 \
        return found;                                                                                     \
    }

DEFINE_SELECT(select_plain, , every_second_bit)

typedef size_t (*selector)(const rk_geo_circle *, const uint64_t *, const uint32_t *, size_t, uint32_t *);
static selector selected = select_plain;

#if defined(__x86_64__)
#define PEXT_EVEN_BITS(cell) _pext_u64(cell, 0x5555555555555555ULL)

DEFINE_SELECT(select_avx2, __attribute__((target("avx2,bmi2,fma"))), PEXT_EVEN_BITS)
DEFINE_SELECT(select_avx512, __attribute__((target("avx512f,avx512dq,bmi2"))), PEXT_EVEN_BITS)

__attribute__((constructor)) static void choose(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma")) return;
    if (__builtin_cpu_supports("avx512dq")) {
        selected = select_avx512;
    } else if (__builtin_cpu_supports("avx2")) {
        selected = select_avx2;
    }
}
#endif

size_t rk_geo_select(const rk_geo_circle *circle, const uint64_t *cells, const uint32_t *docids, size_t count,
                     uint32_t *kept) {
    return selected(circle, cells, docids, count, kept);
}
