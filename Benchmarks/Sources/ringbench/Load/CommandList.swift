// Commands, encoded once and kept in one block of memory: the client should cost as little as it can.

struct CommandList: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Start of each command, and the end of the last.
    private(set) var offsets: [Int] = [0]

    var count: Int { offsets.count - 1 }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ words: [String]) {
        bytes.append(contentsOf: "*\(words.count)\r\n".utf8)
        for word in words {
            bytes.append(contentsOf: "$\(word.utf8.count)\r\n".utf8)
            bytes.append(contentsOf: word.utf8)
            bytes.append(13)
            bytes.append(10)
        }
        offsets.append(bytes.count)
    }

    init(_ commands: [[String]] = []) {
        for command in commands { append(command) }
    }

    func range(_ i: Int) -> Range<Int> { offsets[i]..<offsets[i + 1] }
}
