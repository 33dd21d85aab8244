// What the tidy tests let pass, each with its reason. The lists only shrink: an entry that no longer applies
// fails its test, too.

enum Exceptions {
    /// Swift files longer than the limit.
    static let longFiles: [String: String] = [:]

    /// Clocks and chance in modules that should get them from outside: `path: reason`.
    static let clocks: [String: String] = [
        "Sources/SearchExecution/Executor.swift": "compares the monotonic clock with the query's deadline",
        "Sources/SearchEngine/Ingest/ArrivalClock.swift": "makes the stamps that order documents by arrival",
        "Sources/SearchEngine/Service/Aggregate/CursorTable.swift": "cursor ids that other clients cannot guess",
    ]

    /// `try!`, `as!` and `fatalError` in Sources: `path: reason`.
    static let traps: [String: String] = [:]

    /// `@unchecked Sendable` whose sentence the test does not recognize: `path: reason`.
    static let unchecked: [String: String] = [:]

    /// Dependencies that the manifest gives to a module that imports them nowhere: `module imported: reason`.
    static let unusedDependencies: [String: String] = [:]
}
