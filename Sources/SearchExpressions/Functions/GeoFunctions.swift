import Glibc
import SearchModel

enum GeoFunctions {
    /// Meters between two points, rounded to centimeters. Points are "lon,lat" texts or pairs of numbers.
    static func distance(_ values: [ExpressionValue]) throws(ExpressionEvaluationError) -> ExpressionValue {
        var numbers: [Double] = []
        for value in values {
            switch value {
            case .number(let number): numbers.append(number)
            case .string(let text):
                let parts = text.split(whereSeparator: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") })
                guard parts.count == 2, let longitude = ExpressionValue.number(of: Bytes(parts[0])),
                    let latitude = ExpressionValue.number(of: Bytes(parts[1]))
                else { throw ExpressionEvaluationError("Invalid geo string") }
                numbers.append(longitude)
                numbers.append(latitude)
            case .array, .null: return .number(.nan)
            }
        }
        guard numbers.count == 4 else { return .number(.nan) }
        return .number((haversine(numbers[0], numbers[1], numbers[2], numbers[3]) * 100).rounded() / 100)
    }

    private static func haversine(_ lon1: Double, _ lat1: Double, _ lon2: Double, _ lat2: Double) -> Double {
        let radians = Double.pi / 180
        let u = sin((lat2 - lat1) * radians / 2)
        let v = sin((lon2 - lon1) * radians / 2)
        let root = sqrt(u * u + cos(lat1 * radians) * cos(lat2 * radians) * v * v)
        // The earth radius that Redis and RediSearch use.
        return 2 * 6_372_797.560856 * asin(min(1, root))
    }
}
