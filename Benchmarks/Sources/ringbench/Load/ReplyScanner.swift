// Finds where replies end, without looking at what they say.

/// Scans a stream of RESP replies, in any pieces.
struct ReplyScanner {
    /// Values still to come before the current reply is whole.
    private var pending = 0
    /// Bytes of a bulk string, its line end included, that are still to be skipped.
    private var skipping = 0
    private(set) var startsWithError = false

    enum Step {
        /// A whole reply ended at this offset; whether it is an error.
        case reply(end: Int, isError: Bool)
        /// The bytes up to this offset are used up; more must come.
        case more(used: Int)
        case malformed
    }

    /// Goes on from `start`; `bytes` holds everything that was not used up before.
    mutating func next(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Step {
        var at = start
        while true {
            if skipping > 0 {
                let step = min(skipping, bytes.count - at)
                skipping -= step
                at += step
                if skipping > 0 { return .more(used: at) }
                if pending == 0 { return .reply(end: at, isError: startsWithError) }
            }
            var end = at
            while end + 1 < bytes.count && bytes[end] != 13 { end += 1 }
            guard end + 1 < bytes.count, bytes[end] == 13 else { return .more(used: at) }
            let type = bytes[at]
            let isFirst = pending == 0
            if isFirst {
                pending = 1
                startsWithError = type == UInt8(ascii: "-") || type == UInt8(ascii: "!")
            }
            let number = Self.number(bytes, at + 1, end)
            at = end + 2
            pending -= 1
            switch type {
            case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
                guard let number else { return .malformed }
                if number >= 0 { skipping = number + 2 }
            case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"):
                guard let number else { return .malformed }
                pending += max(0, number)
            case UInt8(ascii: "%"):
                guard let number else { return .malformed }
                pending += 2 * max(0, number)
            case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "#"),
                UInt8(ascii: "_"), UInt8(ascii: "("):
                break
            default: return .malformed
            }
            if pending == 0 && skipping == 0 { return .reply(end: at, isError: startsWithError) }
        }
    }

    private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Int? {
        var value = 0
        var at = start
        let isNegative = at < end && bytes[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        guard at < end, end - at < 18 else { return nil }
        while at < end {
            guard bytes[at] >= 48, bytes[at] <= 57 else { return nil }
            value = value * 10 + Int(bytes[at]) - 48
            at += 1
        }
        return isNegative ? -value : value
    }
}
