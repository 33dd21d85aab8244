// "lon,lat" or "lon lat" as a point.

import SearchModel

enum GeoText {
    enum Fault: Error, Equatable {
        case syntax
        case coordinates(longitude: Double, latitude: Double)
    }

    struct Point: Equatable {
        var longitude: Double
        var latitude: Double
    }

    /// The text up to the first comma or blank is the longitude, the rest the latitude (blanks before it are
    /// skipped); a missing one is 0, as the oracle has it.
    static func parse(_ text: ByteSlice) -> Result<Point, Fault> {
        guard let separator = text.firstIndex(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }),
            let longitude = number(ByteSlice(rebasing: text[..<separator])),
            let latitude = number(ByteSlice(rebasing: text[(separator + 1)...]))
        else { return .failure(.syntax) }
        // Written so that nan fails.
        guard abs(longitude) <= 180, abs(latitude) <= 85.051_128_78 else {
            return .failure(.coordinates(longitude: longitude, latitude: latitude))
        }
        return .success(Point(longitude: longitude, latitude: latitude))
    }

    private static func number(_ text: ByteSlice) -> Double? {
        if text.isEmpty { return 0 }
        guard let (value, length) = NumberText.prefix(text), length == text.count else { return nil }
        return value
    }
}
