// A circle on the sphere, and the squares of cells that it may touch.
//
// A square is what cells with common leading bits cover. The search begins with the few squares around the
// circle and goes into those that the border crosses.

import CKernels
import Glibc

/// A query circle. Prepared once, used on all segments.
///
/// `@unchecked Sendable`: nothing but numbers.
package struct GeoCircle: @unchecked Sendable {
    let kernel: rk_geo_circle
    /// Cell coordinates that the circle may reach, both ends included. All longitudes when it crosses ±180.
    let columns: ClosedRange<UInt32>
    let rows: ClosedRange<UInt32>
    /// A square whose corners are inside is inside: not so for more than half of the sphere.
    private let isConvex: Bool
    /// No point fulfils a negative or NaN radius.
    let isEmpty: Bool

    package init(longitude: Double, latitude: Double, radius meters: Double) {
        kernel = rk_geo_prepare(longitude, latitude, meters)
        isEmpty = !(meters >= 0) || !longitude.isFinite || !latitude.isFinite
        let angle = isEmpty ? 0 : meters / GeoCircle.earthRadius
        isConvex = angle < 1.5
        // A little more than the circle: rounding must not cut a point.
        let reach = angle / GeoCircle.degree * (1 + 1e-9) + 1e-9
        rows = GeoCircle.coordinates(latitude - reach, latitude + reach, limit: GeoCell.latitudeLimit)
        columns = GeoCircle.columns(longitude, latitude, angle, isEmpty: isEmpty)
    }

    static let earthRadius = 6_372_797.560856
    private static let degree = 0.017453292519943295
    static let lastCoordinate = UInt32(GeoCell.axisCount)

    private static func columns(
        _ longitude: Double, _ latitude: Double, _ angle: Double, isEmpty: Bool
    ) -> ClosedRange<UInt32> {
        let all: ClosedRange<UInt32> = 0...lastCoordinate
        // With a pole inside the circle every longitude is.
        guard !isEmpty, abs(latitude) * degree + angle < 1.57 else { return all }
        let reach = asin(min(1, sin(angle) / cos(latitude * degree))) / degree * (1 + 1e-6) + 1e-9
        guard longitude - reach >= -180, longitude + reach <= 180 else { return all }
        return coordinates(longitude - reach, longitude + reach, limit: GeoCell.longitudeLimit)
    }

    private static func coordinates(_ low: Double, _ high: Double, limit: Double) -> ClosedRange<UInt32> {
        func coordinate(_ degrees: Double) -> Double {
            let inside = min(max(degrees, -limit), limit)
            return (inside + limit) / (2 * limit) * GeoCell.axisCount
        }
        // NaN has been ruled out or comes out as the whole axis.
        guard low <= high else { return 0...lastCoordinate }
        let first = UInt32(coordinate(low))
        let last = UInt32(min(coordinate(high) + 1, GeoCell.axisCount))
        return (first > 0 ? first - 1 : 0)...max(first, last)
    }

    /// Whether the cell's centre is in the circle.
    package func contains(_ cell: UInt64) -> Bool {
        if isEmpty { return false }
        return withUnsafePointer(to: kernel) { rk_geo_contains($0, cell) != 0 }
    }

    /// Meters from the circle's centre to the cell's.
    package func distance(_ cell: UInt64) -> Double {
        let point = GeoCell.decode(cell)
        return rk_geo_distance(kernel.longitude, kernel.latitude, point.longitude, point.latitude)
    }

    /// Keeps the documents whose cell is in the circle; returns how many. `kept` may be `docIDs`.
    func select(
        _ docIDs: UnsafePointer<UInt32>, count: Int, cells: UnsafePointer<UInt64>,
        into kept: UnsafeMutablePointer<UInt32>
    ) -> Int {
        if isEmpty { return 0 }
        return withUnsafePointer(to: kernel) { Int(rk_geo_select($0, cells, docIDs, count, kept)) }
    }

    // MARK: squares

    /// Whether the square cannot have a point of the circle.
    func misses(_ square: GeoSquare) -> Bool {
        let (x, y) = (square.x, square.y)
        return x.lowerBound > columns.upperBound || x.upperBound < columns.lowerBound
            || y.lowerBound > rows.upperBound || y.upperBound < rows.lowerBound
    }

    /// Whether the circle surely has all points of the square.
    ///
    /// Along a parallel the circle is one arc around the centre's longitude, and along a meridian one arc, too:
    /// it has the square when it has the two corners that are farthest in longitude.
    func swallows(_ square: GeoSquare) -> Bool {
        guard isConvex else { return false }
        let west = GeoCircle.degrees(square.x.lowerBound, GeoCell.longitudeLimit)
        let east = GeoCircle.degrees(square.x.upperBound + 1, GeoCell.longitudeLimit)
        let south = GeoCircle.degrees(square.y.lowerBound, GeoCell.latitudeLimit)
        let north = GeoCircle.degrees(square.y.upperBound + 1, GeoCell.latitudeLimit)
        // The square seen from the centre: its middle within half a turn.
        var shift = (west + east) / 2 - kernel.longitude
        shift = shift > 180 ? -360 : shift < -180 ? 360 : 0
        let farthest = max(abs(west + shift - kernel.longitude), abs(east + shift - kernel.longitude))
        guard farthest < 180 else { return false }
        let longitude = kernel.longitude + (kernel.longitude > 0 ? -farthest : farthest)
        return withUnsafePointer(to: kernel) {
            rk_geo_surely_contains($0, longitude, south) != 0 && rk_geo_surely_contains($0, longitude, north) != 0
        }
    }

    private static func degrees(_ coordinate: UInt32, _ limit: Double) -> Double {
        Double(coordinate) / GeoCell.axisCount * (2 * limit) - limit
    }

    /// At most four squares that cover the circle.
    func coveringSquares() -> [GeoSquare] {
        if isEmpty { return [] }
        // The smallest squares of which two reach along each axis.
        let extent = max(columns.upperBound - columns.lowerBound, rows.upperBound - rows.lowerBound)
        let bits = UInt32(UInt32.bitWidth - extent.leadingZeroBitCount)
        var squares: [GeoSquare] = []
        for y in rows.lowerBound >> bits...rows.upperBound >> bits {
            for x in columns.lowerBound >> bits...columns.upperBound >> bits {
                squares.append(GeoSquare(prefix: GeoCell.spread(y) | GeoCell.spread(x) << 1, bits: bits))
            }
        }
        return squares
    }
}

/// All cells whose leading bits are `prefix`; `bits` of each axis are free.
struct GeoSquare {
    let prefix: UInt64
    let bits: UInt32

    var cells: Range<UInt64> { prefix << (2 * UInt64(bits))..<(prefix + 1) << (2 * UInt64(bits)) }

    var x: ClosedRange<UInt32> { range(GeoCell.gather(prefix >> 1)) }
    var y: ClosedRange<UInt32> { range(GeoCell.gather(prefix)) }

    private func range(_ leading: UInt32) -> ClosedRange<UInt32> {
        leading << bits...(leading << bits) + (1 << bits) - 1
    }

    /// One of the four quarters, in the order of their cells.
    func quarter(_ index: UInt64) -> GeoSquare { GeoSquare(prefix: prefix << 2 | index, bits: bits - 1) }
}
