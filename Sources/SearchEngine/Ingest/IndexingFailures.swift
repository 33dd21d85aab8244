// Documents that could not be indexed: how many, and what the last one's trouble was. FT.INFO shows it.

import Platform
import SearchModel

/// Failures of an index or of one of its fields.
package struct FailureRecord: Equatable, Sendable {
    package var count = 0
    /// `nil` while nothing has failed.
    package var lastError: Bytes?
    package var lastKey: Bytes?
    /// Seconds since 1970; 0 while nothing has failed.
    package var lastTime = 0

    mutating func add(_ error: Bytes, key: Bytes, time: Int) {
        count += 1
        lastError = error
        lastKey = key
        lastTime = time
    }
}

/// Written on the lane, read by FT.INFO.
final class IndexingFailures: Sendable {
    private struct State {
        var index = FailureRecord()
        var fields: [FailureRecord] = []
    }

    private let state = Monitor(State())

    /// A document was rejected because of the field at this position of the schema.
    func record(field: Int, error: Bytes, key: ByteSlice) {
        let key = Bytes(key)
        let time = WallClock.milliseconds / 1000
        state.withLock { state in
            state.index.add(error, key: key, time: time)
            while state.fields.count <= field { state.fields.append(FailureRecord()) }
            state.fields[field].add(error, key: key, time: time)
        }
    }

    var index: FailureRecord { state.withLock { $0.index } }

    func field(_ position: Int) -> FailureRecord {
        state.withLock { position < $0.fields.count ? $0.fields[position] : FailureRecord() }
    }
}

/// Why a field's text is no value of its type. The words are the oracle's: FT.INFO shows them.
enum FieldFault: Equatable {
    case numeric(Bytes)
    case geo(GeoText.Fault)

    var message: Bytes {
        switch self {
        case .numeric(let text): Bytes("Invalid numeric value: '".utf8) + text.prefix { $0 != 0 } + Bytes("'".utf8)
        case .geo(.syntax): Bytes("Invalid geo string".utf8)
        case .geo(.coordinates(let longitude, let latitude)):
            Bytes("Invalid geo coordinates: \(fixed(longitude)), \(fixed(latitude))".utf8)
        }
    }

    private func fixed(_ value: Double) -> String { NumberText.fixed(value, decimals: 6) }
}
