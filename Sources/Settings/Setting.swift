// One tunable: what it is called, what it may be, what it does.

/// A tunable's value as it is shown and set.
package enum SettingValue: Equatable, Sendable {
    case integer(Int)
    case boolean(Bool)
    /// `nil`: unset.
    case text(String?)
}

/// What a tunable may be.
package enum SettingKind: Equatable, Sendable {
    case integer(ClosedRange<Int>)
    /// A count where -1 (any negative number, or `unlimited`) lifts the limit.
    case limit(ClosedRange<Int>)
    /// Bytes, also as `64mb`, `1gb`, `512k`.
    case memory(ClosedRange<Int>)
    case boolean
    case choice([String])
    case text
}

/// What setting it does.
package enum SettingEffect: Equatable, Sendable {
    /// Changes what the server does.
    case live
    /// Read once, at start.
    case atStart
    /// Nothing here can change it; setting it to what it is succeeds, anything else is an error that says why.
    case fixed(String)
    /// Taken and shown, because clients and scripts set it; why it changes nothing here is part of its documentation.
    case compatible(String)
}

package struct Setting: Sendable {
    /// `search-timeout`, `maxclients`: the name of CONFIG and of the configuration file (there with `_`).
    package let name: String
    /// Names of FT.CONFIG, the usual one first.
    package let searchNames: [String]
    package let kind: SettingKind
    package let effect: SettingEffect
    /// Passwords: never shown.
    package let isSecret: Bool
    /// FT.CONFIG SET refuses it (`Not modifiable at runtime`), CONFIG SET too (`can't set immutable config`).
    package let isImmutable: Bool
    /// Whether reading the file again changes it: what clients may change, and some of what they may not.
    package internal(set) var followsFile: Bool
    package let summary: String

    package let defaultValue: SettingValue
    let get: @Sendable (SettingsState) -> SettingValue
    let set: @Sendable (inout SettingsState, SettingValue) -> Void
    /// A check beyond the kind; its text is the reason a client reads.
    let refusal: (@Sendable (SettingValue) -> String?)?
}

/// All values. `other` holds those that nothing but CONFIG looks at.
package struct SettingsState: Sendable {
    package var search = SearchSettings()
    package var server = ServerSettings()
    package var ring = RingSettings()
    var other: [String: SettingValue] = [:]
}

/// Why a value was refused.
package enum SettingError: Error, Equatable, Sendable {
    case unknown
    case immutable
    case notAnInteger
    case notAMemoryValue
    case notABoolean
    case outOfRange(ClosedRange<Int>)
    case notOneOf([String])
    /// A rule of this setting alone, in its own words.
    case refused(String)

    /// As CONFIG SET ends its error.
    package var reason: String {
        switch self {
        case .unknown: "unknown option"
        case .immutable: "can't set immutable config"
        case .notAnInteger: "argument couldn't be parsed into an integer"
        case .notAMemoryValue: "argument must be a memory value"
        case .notABoolean: "argument must be 'yes' or 'no'"
        case .outOfRange(let range):
            "argument must be between \(range.lowerBound) and \(range.upperBound) inclusive"
        case .notOneOf(let choices):
            "argument(s) must be one of the following: " + choices.joined(separator: ", ")
        case .refused(let why): why
        }
    }
}

extension SettingKind {
    /// Reads a value as clients, files and the environment write it.
    package func parse(_ text: String) throws(SettingError) -> SettingValue {
        switch self {
        case .integer(let range):
            guard let value = Self.integer(text) else { throw .notAnInteger }
            guard range.contains(value) else { throw .outOfRange(range) }
            return .integer(value)
        case .limit(let range):
            if text.lowercased() == "unlimited" { return .integer(-1) }
            guard let value = Self.integer(text) else { throw .notAnInteger }
            if value < 0 { return .integer(-1) }
            guard range.contains(value) else { throw .outOfRange(range) }
            return .integer(value)
        case .memory(let range):
            guard let value = Self.memory(text) else { throw .notAMemoryValue }
            guard range.contains(value) else { throw .outOfRange(range) }
            return .integer(value)
        case .boolean:
            switch text.lowercased() {
            case "yes", "true": return .boolean(true)
            case "no", "false": return .boolean(false)
            default: throw .notABoolean
            }
        case .choice(let choices):
            let wanted = text.lowercased()
            guard let choice = choices.first(where: { $0.lowercased() == wanted }) else { throw .notOneOf(choices) }
            return .text(choice)
        case .text:
            return .text(text)
        }
    }

    /// A decimal without blanks, plus sign or leading zeros.
    static func integer(_ text: String) -> Int? {
        guard let value = Int(text), String(value) == text else { return nil }
        return value
    }

    /// `100`, `100b`, `10k` (1000s), `10kb` (1024s), `1m`, `1mb`, `1g`, `1gb`.
    static func memory(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let number = Int(digits) else { return nil }
        let factor: Int
        switch text.dropFirst(digits.count).lowercased() {
        case "", "b": factor = 1
        case "k": factor = 1_000
        case "kb": factor = 1 << 10
        case "m": factor = 1_000_000
        case "mb": factor = 1 << 20
        case "g": factor = 1_000_000_000
        case "gb": factor = 1 << 30
        default: return nil
        }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: factor)
        return overflows ? nil : bytes
    }
}

extension SettingKind: CustomStringConvertible {
    /// For people: `1 to 10`, `yes or no`.
    package var description: String {
        switch self {
        case .integer(let range), .memory(let range):
            range.upperBound == .max
                ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        case .limit: "-1 is unlimited"
        case .boolean: "yes or no"
        case .choice(let choices): choices.joined(separator: ", ")
        case .text: "text"
        }
    }
}

extension SettingEffect: CustomStringConvertible {
    package var description: String {
        switch self {
        case .live: "at once"
        case .atStart: "at the next start"
        case .fixed(let why): "cannot be changed: \(why)"
        case .compatible(let why): "none, it is taken for compatibility: \(why)"
        }
    }
}

extension SettingValue {
    /// As CONFIG GET shows it.
    package var text: String? {
        switch self {
        case .integer(let value): String(value)
        case .boolean(let value): value ? "yes" : "no"
        case .text(let value): value
        }
    }
}

// MARK: making entries

extension Setting {
    typealias Path<Value> = WritableKeyPath<SettingsState, Value> & Sendable

    private init(
        _ name: String, _ searchNames: [String], _ kind: SettingKind, _ effect: SettingEffect, secret: Bool = false,
        immutable: Bool, _ summary: String, refusal: (@Sendable (SettingValue) -> String?)? = nil,
        get: @escaping @Sendable (SettingsState) -> SettingValue,
        set: @escaping @Sendable (inout SettingsState, SettingValue) -> Void
    ) {
        self.name = name
        self.searchNames = searchNames
        self.kind = kind
        self.effect = effect
        self.isSecret = secret
        isImmutable = immutable || effect == .atStart
        followsFile = !isImmutable
        self.summary = summary
        self.refusal = refusal
        self.get = get
        self.set = set
        defaultValue = get(SettingsState())
    }

    static func integer(
        _ name: String, _ searchNames: [String] = [], _ path: Path<Int>, _ range: ClosedRange<Int>,
        effect: SettingEffect = .live, immutable: Bool = false,
        refusal: (@Sendable (SettingValue) -> String?)? = nil, _ summary: String
    ) -> Setting {
        number(name, searchNames, .integer(range), path, effect, immutable, refusal, summary)
    }

    static func memory(
        _ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, effect: SettingEffect = .live, _ summary: String
    ) -> Setting {
        number(name, [], .memory(range), path, effect, false, nil, summary)
    }

    private static func number(
        _ name: String, _ searchNames: [String], _ kind: SettingKind, _ path: Path<Int>, _ effect: SettingEffect,
        _ immutable: Bool, _ refusal: (@Sendable (SettingValue) -> String?)?, _ summary: String
    ) -> Setting {
        Setting(
            name, searchNames, kind, effect, immutable: immutable, summary, refusal: refusal,
            get: { .integer($0[keyPath: path]) },
            set: { state, value in if case .integer(let number) = value { state[keyPath: path] = number } })
    }

    static func limit(
        _ name: String, _ searchNames: [String], _ path: Path<Int?>, _ range: ClosedRange<Int>, _ summary: String
    ) -> Setting {
        Setting(
            name, searchNames, .limit(range), .live, immutable: false, summary,
            get: { .integer($0[keyPath: path] ?? -1) },
            set: { state, value in
                if case .integer(let number) = value { state[keyPath: path] = number < 0 ? nil : number }
            })
    }

    static func boolean(
        _ name: String, _ searchNames: [String] = [], _ path: Path<Bool>, effect: SettingEffect = .live,
        _ summary: String
    ) -> Setting {
        Setting(
            name, searchNames, .boolean, effect, immutable: false, summary,
            get: { .boolean($0[keyPath: path]) },
            set: { state, value in if case .boolean(let flag) = value { state[keyPath: path] = flag } })
    }

    static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ searchNames: [String] = [], _ path: Path<Choice>, effect: SettingEffect = .live,
        _ summary: String
    ) -> Setting {
        Setting(
            name, searchNames, .choice(Choice.allCases.map(\.rawValue)), effect, immutable: false, summary,
            get: { .text($0[keyPath: path].rawValue) },
            set: { state, value in
                if case .text(let text?) = value, let choice = Choice(rawValue: text) { state[keyPath: path] = choice }
            })
    }

    static func text(
        _ name: String, _ searchNames: [String] = [], _ path: Path<String>, choices: [String]? = nil,
        effect: SettingEffect = .live, secret: Bool = false, immutable: Bool = false, _ summary: String
    ) -> Setting {
        Setting(
            name, searchNames, choices.map { .choice($0) } ?? .text, effect, secret: secret, immutable: immutable,
            summary, get: { .text($0[keyPath: path]) },
            set: { state, value in if case .text(let text?) = value { state[keyPath: path] = text } })
    }

    static func custom(
        _ name: String, _ kind: SettingKind, effect: SettingEffect = .live, _ summary: String,
        refusal: (@Sendable (SettingValue) -> String?)?, get: @escaping @Sendable (SettingsState) -> SettingValue,
        set: @escaping @Sendable (inout SettingsState, SettingValue) -> Void
    ) -> Setting {
        Setting(name, [], kind, effect, immutable: false, summary, refusal: refusal, get: get, set: set)
    }

    /// A value that CONFIG alone keeps.
    static func kept(
        _ name: String, _ searchNames: [String] = [], _ kind: SettingKind, _ initial: SettingValue,
        effect: SettingEffect, immutable: Bool = false, refusal: (@Sendable (SettingValue) -> String?)? = nil,
        _ summary: String
    ) -> Setting {
        Setting(
            name, searchNames, kind, effect, immutable: immutable, summary, refusal: refusal,
            get: { $0.other[name] ?? initial }, set: { state, value in state.other[name] = value })
    }
}
