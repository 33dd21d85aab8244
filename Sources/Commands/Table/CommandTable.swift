// All commands this server knows, and the way from a name on the wire to its row.

import RESP

/// The command table. Made once at start; dispatch, COMMAND, INFO commandstats and the ring read the same rows.
///
/// Names are found by one hash over their folded bytes and one comparison, without allocation.
package final class CommandTable: @unchecked Sendable {
    // Sendable: the raw tables are written by `init` alone.

    /// What dispatch looks at first, flat, so that the common path touches no reference.
    package struct Row: Sendable {
        package var arity: Int32
        package var flags: CommandFlags
        package var kind: Kind
    }

    package enum Kind: UInt8, Sendable {
        case local, search, store, session
    }

    package let commands: [CommandDescriptor]
    private let rows: UnsafeMutablePointer<Row>
    private let slots: UnsafeMutablePointer<Int32>
    private let slotMask: Int
    private let names: UnsafeMutablePointer<UInt8>
    private let nameOffsets: UnsafeMutablePointer<Int32>

    /// Later descriptors of a name replace earlier ones.
    package init(_ descriptors: [CommandDescriptor]) {
        var positions: [String: Int] = [:]
        var kept: [CommandDescriptor] = []
        for descriptor in descriptors {
            if let at = positions[descriptor.name] {
                kept[at] = descriptor
            } else {
                positions[descriptor.name] = kept.count
                kept.append(descriptor)
            }
        }
        commands = kept

        rows = .allocate(capacity: max(kept.count, 1))
        var offsets = [0]
        for (i, command) in kept.enumerated() {
            let kind: Kind =
                switch command.body {
                case .local: .local
                case .search: .search
                case .store: .store
                case .session: .session
                }
            (rows + i).initialize(to: Row(arity: Int32(command.arity), flags: command.flags, kind: kind))
            offsets.append(offsets[i] + command.name.utf8.count)
        }
        nameOffsets = .allocate(capacity: offsets.count)
        for (i, offset) in offsets.enumerated() { nameOffsets[i] = Int32(offset) }
        names = .allocate(capacity: max(offsets[kept.count], 1))
        var size = 64
        while size < 4 * kept.count { size *= 2 }
        slotMask = size - 1
        slots = .allocate(capacity: size)
        slots.initialize(repeating: -1, count: size)
        for (i, command) in kept.enumerated() {
            let bytes = Array(command.name.lowercased().utf8)
            (names + offsets[i]).update(from: bytes, count: bytes.count)
            var slot = bytes.withUnsafeBufferPointer { Self.hash($0) } & slotMask
            while slots[slot] >= 0 { slot = (slot + 1) & slotMask }
            slots[slot] = Int32(i)
        }
    }

    deinit {
        rows.deallocate()
        slots.deallocate()
        names.deallocate()
        nameOffsets.deallocate()
    }

    /// The position of a command, whatever the case of its name.
    package func position(of name: ByteSlice) -> Int? {
        var slot = Self.hash(name) & slotMask
        while true {
            let candidate = Int(slots[slot])
            if candidate < 0 { return nil }
            let from = Int(nameOffsets[candidate])
            if Int(nameOffsets[candidate &+ 1]) &- from == name.count {
                var i = 0
                while i < name.count, Self.fold(name[i]) == names[from &+ i] { i &+= 1 }
                if i == name.count { return candidate }
            }
            slot = (slot &+ 1) & slotMask
        }
    }

    package func position(of name: String) -> Int? {
        var name = name
        return name.withUTF8 { position(of: $0) }
    }

    package func row(_ position: Int) -> Row {
        precondition(position >= 0 && position < commands.count)
        return rows[position]
    }

    @inline(__always) private static func fold(_ c: UInt8) -> UInt8 { c >= 65 && c <= 90 ? c | 32 : c }

    @inline(__always) private static func hash(_ name: ByteSlice) -> Int {
        var h: UInt32 = 2_166_136_261
        var i = 0
        // Names are shorter; a longer one is found unequal by its length.
        let end = min(name.count, 32)
        while i < end {
            h = (h ^ UInt32(fold(name[i]))) &* 16_777_619
            i &+= 1
        }
        return Int(h ^ (h >> 15))
    }
}
