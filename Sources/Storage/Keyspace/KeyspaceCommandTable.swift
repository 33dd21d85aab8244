// Every command that goes to the backing store. A specification is a position in `rows`.

import RESP

package enum KeyspaceCommandTable {
    /// All rows, by name.
    package static let rows: [KeyspaceCommand] =
        (stringCommands + hashCommands + listCommands + setCommands + sortedSetCommands + streamCommands
        + bitmapCommands + hyperLogLogCommands + geoCommands + genericCommands + scriptingCommands + serverCommands)
        .sorted { $0.name < $1.name }

    private static let positions: [String: Int] =
        Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1.name, $0) })

    /// The specification of a command; `name` in lower case.
    package static func specification(_ name: String) -> Int? { positions[name] }

    /// The specification of a command, its name in any case.
    package static func specification(_ name: ByteSlice) -> Int? {
        guard name.count <= 32 else { return nil }
        return positions[String(decoding: name.map { $0 >= 65 && $0 <= 90 ? $0 | 32 : $0 }, as: UTF8.self)]
    }
}
