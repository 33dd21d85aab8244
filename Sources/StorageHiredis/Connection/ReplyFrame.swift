// Where a reply of the store ends, without taking it apart.
//
// A RESP2 client gets most replies exactly as the store sent them: finding their end costs a fraction of what a tape
// and writing them anew cost.

import RESP

enum ReplyFrame: Equatable {
    /// The number of bytes that the first reply takes.
    case complete(Int)
    /// Its end has not come yet.
    case incomplete
    /// Not RESP2: for the reader proper, which knows what to say about it.
    case unknown

    /// Measures the first reply of `bytes`. Reads headers only: O(values), not O(bytes).
    static func measure(_ bytes: ByteSlice) -> ReplyFrame {
        guard let start = bytes.baseAddress else { return .incomplete }
        let count = bytes.count
        var position = 0
        var open = 1
        while open > 0 {
            guard position < count else { return .incomplete }
            let kind = start[position]
            switch kind {
            case UInt8(ascii: "$"), UInt8(ascii: "*"):
                var value = 0
                let isNegative = position + 1 < count && start[position + 1] == UInt8(ascii: "-")
                var digit = position + (isNegative ? 2 : 1)
                let firstDigit = digit
                while digit < count, start[digit] &- 48 < 10 {
                    // Longer than any length of the store; also what keeps the product in range.
                    guard digit - firstDigit < 12 else { return .unknown }
                    value = value &* 10 &+ Int(start[digit] &- 48)
                    digit += 1
                }
                guard digit + 1 < count else { return .incomplete }
                guard digit > firstDigit, start[digit] == 13, start[digit + 1] == 10 else { return .unknown }
                position = digit + 2
                if isNegative {
                    guard value == 1 else { return .unknown }
                } else if kind == UInt8(ascii: "$") {
                    position += value + 2
                    guard position <= count else { return .incomplete }
                } else {
                    open += value
                }
            case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"):
                var end = position + 1
                while end < count, start[end] != 10 { end += 1 }
                guard end < count else { return .incomplete }
                position = end + 1
            default: return .unknown
            }
            open -= 1
        }
        return .complete(position)
    }
}
