// Points as cells: 26 bits of latitude and 26 of longitude, interleaved.

import CKernels

/// The 52-bit cell of a point. Cells are numbers whose common leading bits mean common surroundings.
///
/// Longitude is in the odd bits, latitude in the even ones. A point stands for the centre of its cell from
/// then on: distances are those of centres.
package enum GeoCell {
    package static let latitudeLimit = 85.05112878
    package static let longitudeLimit = 180.0
    /// Cells along each axis.
    static let axisCount = 67_108_864.0

    /// `nil` when the point is outside of what cells can tell (or NaN).
    package static func encode(longitude: Double, latitude: Double) -> UInt64? {
        guard abs(longitude) <= longitudeLimit, abs(latitude) <= latitudeLimit else { return nil }
        let x = UInt32((longitude + longitudeLimit) / (2 * longitudeLimit) * axisCount)
        let y = UInt32((latitude + latitudeLimit) / (2 * latitudeLimit) * axisCount)
        return spread(y) | spread(x) << 1
    }

    /// The cell's centre.
    package static func decode(_ cell: UInt64) -> (longitude: Double, latitude: Double) {
        var longitude = 0.0
        var latitude = 0.0
        rk_geo_decode(cell, &longitude, &latitude)
        return (longitude, latitude)
    }

    /// Great-circle distance in meters.
    package static func distance(
        longitude: Double, latitude: Double, toLongitude: Double, latitude toLatitude: Double
    ) -> Double {
        rk_geo_distance(longitude, latitude, toLongitude, toLatitude)
    }

    /// Puts a zero bit between all bits.
    static func spread(_ bits: UInt32) -> UInt64 {
        var x = UInt64(bits)
        x = (x | x << 16) & 0x0000_FFFF_0000_FFFF
        x = (x | x << 8) & 0x00FF_00FF_00FF_00FF
        x = (x | x << 4) & 0x0F0F_0F0F_0F0F_0F0F
        x = (x | x << 2) & 0x3333_3333_3333_3333
        return (x | x << 1) & 0x5555_5555_5555_5555
    }

    /// The even bits.
    static func gather(_ bits: UInt64) -> UInt32 {
        var x = bits & 0x5555_5555_5555_5555
        x = (x | x >> 1) & 0x3333_3333_3333_3333
        x = (x | x >> 2) & 0x0F0F_0F0F_0F0F_0F0F
        x = (x | x >> 4) & 0x00FF_00FF_00FF_00FF
        x = (x | x >> 8) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: x | x >> 16)
    }
}
