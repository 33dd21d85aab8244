// The node's own state: transactions, crashes, damage.

import Glibc
import Platform
import Storage
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A folder that goes with the test.
private final class Folder {
    let path: String

    init() {
        var template = Array("/tmp/ringsearch-state-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template)!)
    }

    var data: String { path + "/data.mdb" }

    deinit {
        for name in Files.names(in: path) { unlink(path + "/" + name) }
        rmdir(path)
    }
}

@Suite struct NodeStateTests {
    @Test func `what was written is there after a new start`() throws {
        let folder = Folder()
        do {
            let state = try NodeState(directory: folder.path)
            try state.write { (transaction) throws(NodeStateError) in
                try transaction.put(.indexes, bytes("idx"), [0, 1, 2, 255])
                try transaction.put(.indexes, [], bytes("the empty name"))
                try transaction.put(.aliases, bytes("idx"), bytes("other table"))
                try transaction.put(.indexes, [UInt8](repeating: 7, count: 5000), bytes("long name"))
                try transaction.put(.dictionaries, bytes("big"), [UInt8](repeating: 9, count: 100_000))
            }
        }
        let state = try NodeState(directory: folder.path)
        try state.read { (transaction) throws(NodeStateError) in
            #expect(try transaction.get(.indexes, bytes("idx")) == [0, 1, 2, 255])
            #expect(try transaction.get(.indexes, []) == bytes("the empty name"))
            #expect(try transaction.get(.aliases, bytes("idx")) == bytes("other table"))
            #expect(try transaction.get(.indexes, [UInt8](repeating: 7, count: 5000)) == bytes("long name"))
            #expect(try transaction.get(.indexes, [UInt8](repeating: 7, count: 4999)) == nil)
            #expect(try transaction.get(.dictionaries, bytes("big"))?.count == 100_000)
            #expect(try transaction.all(.indexes).map { $0.key.count } == [0, 3, 5000])
            #expect(try transaction.all(.synonyms).isEmpty)
        }
    }

    @Test func `a transaction that throws leaves nothing`() throws {
        let folder = Folder()
        let state = try NodeState(directory: folder.path)
        try state.write { (transaction) throws(NodeStateError) in try transaction.put(.indexes, bytes("a"), bytes("1"))
        }

        #expect(throws: NodeStateError.full) {
            try state.write { (transaction) throws(NodeStateError) in
                try transaction.put(.indexes, bytes("a"), bytes("2"))
                try transaction.put(.aliases, bytes("b"), bytes("2"))
                throw .full
            }
        }

        try state.read { (transaction) throws(NodeStateError) in
            #expect(try transaction.get(.indexes, bytes("a")) == bytes("1"))
            #expect(try transaction.get(.aliases, bytes("b")) == nil)
        }
    }

    @Test func `values are replaced and removed`() throws {
        let folder = Folder()
        let state = try NodeState(directory: folder.path)
        try state.write { (transaction) throws(NodeStateError) in
            try transaction.put(.indexes, bytes("a"), bytes("1"))
            try transaction.put(.indexes, bytes("a"), bytes("2"))
            try transaction.put(.indexes, bytes("b"), bytes("3"))
            #expect(try transaction.remove(.indexes, bytes("b")))
            #expect(try !transaction.remove(.indexes, bytes("c")))
            try transaction.put(.aliases, bytes("x"), bytes("y"))
            try transaction.removeAll(.aliases)
        }
        try state.read { (transaction) throws(NodeStateError) in
            #expect(try transaction.all(.indexes).map { $0.value } == [bytes("2")])
            #expect(try transaction.all(.aliases).isEmpty)
        }
    }

    @Test func `a full map is an error that leaves the state usable`() throws {
        let folder = Folder()
        let state = try NodeState(directory: folder.path, mapSize: 1 << 20)

        #expect(throws: NodeStateError.full) {
            try state.write { (transaction) throws(NodeStateError) in
                try transaction.put(.indexes, bytes("huge"), [UInt8](repeating: 1, count: 2 << 20))
            }
        }

        try state.write { (transaction) throws(NodeStateError) in try transaction.put(.indexes, bytes("a"), bytes("1"))
        }
        #expect(
            try state.read { (transaction) throws(NodeStateError) in try transaction.get(.indexes, bytes("a")) }
                == bytes("1"))
    }

    @Test func `a foreign, cut or newer file is a typed error`() throws {
        let folder = Folder()
        do {
            let state = try NodeState(directory: folder.path)
            try state.write { (transaction) throws(NodeStateError) in
                for i in 0..<2000 { try transaction.put(.indexes, bytes("key\(i)"), bytes("value\(i)")) }
            }
        }
        let whole = try #require(Files.read(folder.data))
        for content in [
            bytes("not a database"), Array(whole.prefix(whole.count / 2)), [UInt8](repeating: 0, count: 8192),
        ] {
            try Files.replace(folder.data, with: content)
            var found: NodeStateError?
            do throws(NodeStateError) { _ = try NodeState(directory: folder.path) } catch { found = error }
            guard case .damaged = found else {
                Issue.record("\(String(describing: found))")
                continue
            }
            #expect(found?.exitCode == 74)
        }
    }

    @Test func `a process that is killed while it writes loses nothing that was committed`() throws {
        let folder = Folder()
        for round in 0..<4 {
            let (child, output) = try KilledWriter.start(folder.path)
            defer { close(output) }
            let committed = KilledWriter.kill(child, output, after: 3 + 20 * round)

            let state = try NodeState(directory: folder.path)
            let found = try state.read { (transaction) throws(NodeStateError) in
                // Both tables, or neither.
                let pair = (try transaction.get(.indexes, bytes("n")), try transaction.get(.aliases, bytes("n")))
                #expect(pair.0 == pair.1)
                return Int(String(decoding: pair.0 ?? bytes("0"), as: UTF8.self)) ?? 0
            }
            #expect(found >= committed)
            #expect(found <= committed + 1)
        }
    }

    /// Seeds that once found something stay here.
    @Test(arguments: [UInt64(1), 2, 3, 73])
    func `damage anywhere is an error or harmless, and never the end of the process`(seed: UInt64) throws {
        let folder = Folder()
        try fill(folder)
        let whole = try #require(Files.read(folder.data))
        let expected = try contents(folder)
        var random = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func next(_ bound: Int) -> Int {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return Int(random % UInt64(bound))
        }
        var damaged = 0
        for _ in 0..<150 {
            var content = whole
            // Headers matter most, so that every second hit goes to the first bytes of a page.
            for _ in 0...next(3) {
                let page = next(content.count / 4096) * 4096
                let place = next(2) == 0 ? page + next(64) : page + next(4096)
                content[place] = UInt8(next(256))
            }
            // In place, as a new file would cost an fsync each time.
            try content.withUnsafeBytes { content in
                let file = open(folder.data, O_WRONLY)
                defer { close(file) }
                try #require(pwrite(file, content.baseAddress, content.count, 0) == content.count)
            }
            do throws(NodeStateError) {
                let found = try contents(folder)
                // A page that nothing refers to, or the older of the two metas.
                #expect(found == expected || found.count <= expected.count, "seed \(seed)")
            } catch {
                damaged += 1
            }
        }
        #expect(damaged > 20, "seed \(seed)")
        try content(whole, folder)
    }

    private func content(_ bytes: [UInt8], _ folder: Folder) throws { try Files.replace(folder.data, with: bytes) }

    private func fill(_ folder: Folder) throws {
        let state = try NodeState(directory: folder.path)
        for round in 0..<5 {
            try state.write { (transaction) throws(NodeStateError) in
                for i in 0..<120 {
                    try transaction.put(.indexes, bytes("key\(i)"), bytes("value \(i) of round \(round)"))
                }
                try transaction.put(.dictionaries, bytes("big\(round)"), [UInt8](repeating: UInt8(round), count: 9000))
                try transaction.remove(.dictionaries, bytes("big\(round - 2)"))
            }
        }
    }

    /// All there is, read and then written to, as a node does.
    private func contents(_ folder: Folder) throws(NodeStateError) -> [[UInt8]] {
        let state = try NodeState(directory: folder.path)
        let found = try state.read { (transaction) throws(NodeStateError) in
            try transaction.all(.indexes).map { $0.value } + (try transaction.all(.dictionaries).map { $0.value })
        }
        try state.write { (transaction) throws(NodeStateError) in
            try transaction.put(.aliases, bytes("new"), [UInt8](repeating: 1, count: 5000))
        }
        return found
    }
}

/// This test program once more, as a process that only writes and is killed.
private enum KilledWriter {
    private static let folderVariable = "RINGSEARCH_TEST_KILLED_WRITER"

    static func start(_ folder: String) throws -> (ChildProcess, Int32) {
        let output = folder + "/progress"
        unlink(output)
        let arguments = try #require(Files.read("/proc/self/cmdline")).split(separator: 0).dropFirst()
            .map { String(decoding: $0, as: UTF8.self) }
        var kept: [String] = []
        var i = 0
        while i < arguments.count {
            if arguments[i] == "--filter" || arguments[i] == "--skip" { i += 1 } else { kept.append(arguments[i]) }
            i += 1
        }
        // Our number with it: tests of this very process run at the same time and see the variable, too.
        setenv(folderVariable, "\(getpid()):\(folder)", 1)
        defer { unsetenv(folderVariable) }
        var program = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &program, 4095)
        let child = try ChildProcess(
            String(decoding: program[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self),
            kept + ["--filter", "KilledWriterProcess"], output: folder + "/output")
        let file = open(output, O_RDONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        return (child, file)
    }

    /// Waits for so many commits, kills, and returns the last commit that was told.
    static func kill(_ child: ChildProcess, _ output: Int32, after count: Int) -> Int {
        var told = 0
        var patience = 4000
        while told < count, patience > 0, child.ended() == nil {
            told = last(output)
            usleep(2000)
            patience -= 1
        }
        child.signal(SIGKILL)
        while child.ended() == nil { usleep(1000) }
        #expect(told >= count)
        return last(output)
    }

    private static func last(_ output: Int32) -> Int {
        var number: Int = 0
        var information = stat()
        fstat(output, &information)
        let count = Int(information.st_size) / 8
        guard count > 0, pread(output, &number, 8, off_t(8 * (count - 1))) == 8 else { return 0 }
        return number
    }

    /// Where to write, in the process that is to be killed.
    static var folder: String? {
        guard let value = getenv(folderVariable) else { return nil }
        let parts = String(cString: value).split(separator: ":", maxSplits: 1)
        return parts.count == 2 && parts[0] == "\(getppid())" ? String(parts[1]) : nil
    }
}

@Suite struct KilledWriterProcess {
    @Test func `writes until it is killed, when it is told to`() throws {
        guard let folder = KilledWriter.folder else { return }
        let output = open(folder + "/progress", O_WRONLY | O_APPEND | O_CREAT, 0o600)
        let state = try NodeState(directory: folder)
        var number = try state.read { (transaction) throws(NodeStateError) in
            Int(String(decoding: try transaction.get(.indexes, bytes("n")) ?? bytes("0"), as: UTF8.self)) ?? 0
        }
        while true {
            number += 1
            try state.write { (transaction) throws(NodeStateError) in
                try transaction.put(.indexes, bytes("n"), bytes("\(number)"))
                try transaction.put(
                    .dictionaries, bytes("d\(number % 50)"), [UInt8](repeating: 1, count: number % 9000))
                try transaction.put(.aliases, bytes("n"), bytes("\(number)"))
            }
            write(output, &number, 8)
        }
    }
}
