// The intent log of a lane: what a batch is about to do to the store, written before it does.
//
//   ┌────────────┬────────────┬──────────┬─────────┬──────────────────────────────┐
//   │ u32 length │ u32 CRC-32C│ u64 LSN  │ u8 kind │ body                         │   length and CRC are of what
//   └────────────┴────────────┴──────────┴─────────┴──────────────────────────────┘   follows the CRC
//
//   kind 1 effects   uv n │ item × n
//        2 intents   uv n │ item × n │ uv m │ (16 version │ u32 token │ lp key │ uv argc │ lp × argc) × m
//        3 results   uv n │ uv index × n (items that the store refused) │ uv m │ (uv index of an intent │ uv n │ item × n) × m
//
// One batch is one record of kind 1 or 2 with an LSN of its own; what came of its intents follows under the same LSN, an
// empty list of items for an execution that had no effect. A record that is short or does not fit its CRC ends the log: it
// was being written when the power went.

import Platform

/// A command that is to be executed, once.
package struct Intent: Equatable, Sendable {
    package var version: Version
    package var token: UInt32
    /// The first of its keys.
    package var key: Bytes
    package var command: [Bytes]

    package init(version: Version, token: UInt32, key: Bytes, command: [Bytes]) {
        self.version = version
        self.token = token
        self.key = key
        self.command = command
    }
}

/// A record of the intent log.
package struct LogRecord: Equatable, Sendable {
    package struct Result: Equatable, Sendable {
        /// The intent, by its place in its batch.
        package var intent: Int
        package var items: [Item]

        package init(intent: Int, items: [Item]) {
            self.intent = intent
            self.items = items
        }
    }

    package enum Body: Equatable, Sendable {
        case effects([Item])
        case intents(effects: [Item], [Intent])
        /// `void`: places of the batch's items that the store refused; nothing came of them.
        case results(void: [Int], [Result])
    }

    package var lsn: UInt64
    package var body: Body

    package init(lsn: UInt64, _ body: Body) {
        self.lsn = lsn
        self.body = body
    }

    /// Whether the store must run the batch and set its marker in one transaction: what must not run twice, or not in part.
    /// Any other batch may be sent again though the store has it.
    package static func needsAtomicMarker(_ items: [Item], hasIntents: Bool) -> Bool {
        hasIntents
            || items.contains { item in
                if case .delta = item.effect { return true }
                return item.isGrouped
            }
    }

    /// Bytes before the LSN.
    package static let headSize = 8
    /// The longest record that is believed.
    package static let longest = 256 << 20

    package func encode(into bytes: inout Bytes) {
        let start = bytes.count
        var writer = WireWriter(continuing: bytes)
        bytes = []
        writer.u64(0)
        writer.u64(lsn)
        switch body {
        case .effects(let items):
            writer.u8(1)
            ItemList.encode(items, into: &writer)
        case .intents(let items, let intents):
            writer.u8(2)
            ItemList.encode(items, into: &writer)
            writer.uv(UInt64(intents.count))
            for intent in intents {
                writer.version(intent.version)
                writer.u32(intent.token)
                writer.lp(intent.key)
                writer.uv(UInt64(intent.command.count))
                for argument in intent.command { writer.lp(argument) }
            }
        case .results(let void, let results):
            writer.u8(3)
            writer.uv(UInt64(void.count))
            for index in void { writer.uv(UInt64(index)) }
            writer.uv(UInt64(results.count))
            for result in results {
                writer.uv(UInt64(result.intent))
                ItemList.encode(result.items, into: &writer)
            }
        }
        let length = writer.bytes.count - start - Self.headSize
        let checksum = writer.bytes.withUnsafeBytes {
            Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[(start + Self.headSize)...]))
        }
        writer.patch(u32: UInt32(length), at: start)
        writer.patch(u32: checksum, at: start + 4)
        bytes = writer.bytes
    }
}
