// Bytes to frames, from pieces of any size.
//
// Every byte of a header is looked at once, wherever the stream was cut; `data` and payload are copied in runs. A length is
// compared with its limit as soon as its digits are read, and memory is taken for bytes that came, not for those announced.

/// Where a reader stops believing the other side.
package struct FrameLimits: Equatable, Sendable {
    /// Bytes of a header, without `data`.
    package var headerLength: Int
    /// Bytes of `data`: the wrapped key of a 32 Kibit RSA key would fit.
    package var dataLength: Int
    package var payloadLength: Int
    /// Bytes before a frame's magic that are passed over. Dynomite passes over any number.
    package var garbageLength: Int

    package init(
        headerLength: Int = 256, dataLength: Int = 4096, payloadLength: Int = 64 << 20, garbageLength: Int = 1024
    ) {
        self.headerLength = headerLength
        self.dataLength = dataLength
        self.payloadLength = payloadLength
        self.garbageLength = garbageLength
    }

    package static let standard = FrameLimits()
}

/// Why a stream is no sequence of frames. Where the next frame starts is unknown: the link has to be closed.
package enum FrameError: Error, Hashable, Sendable {
    case badMagic
    /// A byte that the header has no place for.
    case unexpectedByte(UInt8)
    case numberTooLarge
    case headerTooLong
    case dataTooLong
    case payloadTooLong
}

/// Reads the frames of one stream. A value per connection.
package struct FrameReader: Sendable {
    package let limits: FrameLimits
    /// Bytes that belonged to no frame and were passed over.
    package private(set) var garbageCount = 0

    private var stage = Stage.magic
    /// Bytes of the magic seen so far.
    private var matched = 0
    private var headerCount = 0
    private var garbageRun = 0
    /// The number being read, and whether it has a digit yet.
    private var number: UInt64 = 0
    private var hasDigits = false
    private var hasStar = false
    /// Bytes of `data` or payload still to come.
    private var missing = 0
    private var frame = Frame(id: 0, kind: .unknown, data: [])
    private var failure: FrameError?

    package init(limits: FrameLimits = .standard) {
        self.limits = limits
    }

    /// Whether the last byte read ended a frame, so that a stream may end here.
    package var isBetweenFrames: Bool { stage == .magic && matched == 0 }

    private enum Stage: UInt8 {
        case magic, magicSpace
        case id, kind, flags, version, sameDatacenter
        case dataLength, data
        case payloadLength, lineFeed, payload
    }

    /// Reads from `position` on until a frame is whole or `bytes` are used up.
    ///
    /// `position` is moved past what was read, so the caller repeats the call until it gets `nil`. After an error every
    /// further call throws the same error.
    package mutating func read(
        _ bytes: UnsafeRawBufferPointer, at position: inout Int
    ) throws(FrameError) -> Frame? {
        if let failure { throw failure }
        do {
            return try advance(bytes, &position)
        } catch {
            failure = error
            frame = Frame(id: 0, kind: .unknown, data: [])
            throw error
        }
    }

    private mutating func advance(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(FrameError) -> Frame? {
        while position < bytes.count {
            switch stage {
            case .data:
                Self.take(bytes, &position, &missing, into: &frame.data)
                if missing == 0 { beginNumber(.payloadLength) }
            case .payload:
                Self.take(bytes, &position, &missing, into: &frame.payload)
                if missing == 0 { return finish() }
            default:
                let byte = bytes[position]
                position += 1
                if try step(byte) { return finish() }
            }
        }
        return nil
    }

    /// Moves bytes of `data` or payload. They are copied into memory that grows with them.
    private static func take(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ missing: inout Int, into field: inout [UInt8]
    ) {
        let count = min(missing, bytes.count - position)
        field.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
        position += count
        missing -= count
    }

    private mutating func finish() -> Frame {
        let whole = frame
        frame = Frame(id: 0, kind: .unknown, data: [])
        stage = .magic
        return whole
    }

    /// Looks at one byte of a header; true when it ended a frame without payload.
    private mutating func step(_ byte: UInt8) throws(FrameError) -> Bool {
        if stage == .magic {
            try searchMagic(byte)
            return false
        }
        headerCount += 1
        if headerCount > limits.headerLength { throw .headerTooLong }
        switch stage {
        case .magicSpace:
            guard byte == space else { throw .unexpectedByte(byte) }
            beginNumber(.id)
        case .id:
            if try endsNumber(byte, with: space) {
                frame.id = number
                beginNumber(.kind)
            }
        case .kind:
            if try endsNumber(byte, with: space) {
                frame.kind = FrameKind(rawValue: try smallNumber())
                beginNumber(.flags)
            }
        case .flags:
            if try endsNumber(byte, with: space) {
                // Only the low four bits count, as in Dynomite.
                frame.flags = Frame.Flags(rawValue: UInt8(truncatingIfNeeded: number & 0x0f))
                beginNumber(.version)
            }
        case .version:
            if try endsNumber(byte, with: space) {
                frame.version = try smallNumber()
                beginNumber(.sameDatacenter)
            }
        case .sameDatacenter:
            if try endsNumber(byte, with: space) {
                frame.isSameDatacenter = number != 0
                beginNumber(.dataLength)
            }
        case .dataLength:
            try readDataLength(byte)
        case .payloadLength:
            try readPayloadLength(byte)
        case .lineFeed:
            guard byte == 10 else { throw .unexpectedByte(byte) }
            stage = .payload
            return missing == 0
        case .magic, .data, .payload: break
        }
        return false
    }

    private mutating func searchMagic(_ byte: UInt8) throws(FrameError) {
        if byte == Frame.magic[matched] {
            matched += 1
            if matched == Frame.magic.count {
                matched = 0
                garbageRun = 0
                headerCount = 0
                stage = .magicSpace
            }
            return
        }
        // The magic begins nowhere else within itself, so what was matched so far is garbage, too.
        let lost = matched + (byte == Frame.magic[0] || (matched == 0 && byte == space) ? 0 : 1)
        matched = byte == Frame.magic[0] ? 1 : 0
        garbageCount += lost
        garbageRun += lost
        if garbageRun > limits.garbageLength { throw .badMagic }
    }

    // MARK: numbers

    private mutating func beginNumber(_ next: Stage) {
        stage = next
        number = 0
        hasDigits = false
        hasStar = false
    }

    /// Takes a digit, or sees the byte that ends the number. An empty number is an error.
    private mutating func endsNumber(_ byte: UInt8, with end: UInt8) throws(FrameError) -> Bool {
        let digit = byte &- UInt8(ascii: "0")
        if digit <= 9 {
            let (shifted, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(UInt64(digit))
            if overflow || carry { throw .numberTooLarge }
            number = sum
            hasDigits = true
            return false
        }
        guard byte == end, hasDigits else { throw .unexpectedByte(byte) }
        return true
    }

    private func smallNumber() throws(FrameError) -> UInt32 {
        guard let small = UInt32(exactly: number) else { throw .numberTooLarge }
        return small
    }

    private mutating func readDataLength(_ byte: UInt8) throws(FrameError) {
        if byte == star && !hasDigits {
            hasStar = true
            return
        }
        guard hasStar else { throw .unexpectedByte(byte) }
        if try endsNumber(byte, with: space) {
            missing = Int(number)
            stage = .data
            // Dynomite loses its way here; there is nothing that we could misunderstand.
            if missing == 0 { beginNumber(.payloadLength) }
        } else if number > UInt64(limits.dataLength) {
            throw .dataTooLong
        }
    }

    private mutating func readPayloadLength(_ byte: UInt8) throws(FrameError) {
        if byte == space && !hasStar { return }
        if byte == star && !hasDigits {
            hasStar = true
            return
        }
        guard hasStar else { throw .unexpectedByte(byte) }
        if try endsNumber(byte, with: 13) {
            missing = Int(number)
            stage = .lineFeed
        } else if number > UInt64(limits.payloadLength) {
            throw .payloadTooLong
        }
    }
}

private let space = UInt8(ascii: " ")
private let star = UInt8(ascii: "*")

extension FrameReader {
    /// All frames of `bytes`; for callers that have them in an array.
    package mutating func readAll(_ bytes: [UInt8]) throws(FrameError) -> [Frame] {
        // The closure cannot throw a typed error through `withUnsafeBytes`, so the outcome is carried around it.
        var frames: [Frame] = []
        var found: FrameError?
        bytes.withUnsafeBytes { raw in
            var position = 0
            do throws(FrameError) {
                while let frame = try read(raw, at: &position) { frames.append(frame) }
            } catch {
                found = error
            }
        }
        if let found { throw found }
        return frames
    }
}
