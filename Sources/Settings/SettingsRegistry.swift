// The values of all tunables: one place to read them, one way to change them.

import Synchronization

/// Where a value came from; a later case overrides an earlier one.
package enum SettingOrigin: String, Sendable {
    case builtIn = "default"
    case file
    case environment
    case flag
    case command
}

package final class SettingsRegistry: Sendable {
    private struct State {
        var values = SettingsState()
        var origins: [String: SettingOrigin] = [:]
        var observers: [@Sendable (SettingsState) -> Void] = []
    }

    private let state = Mutex(State())

    // Copies of what is read for every command, so that no lock is taken there.
    private let slowLogNanoseconds = Atomic<Int>(10_000_000)
    private let latencyNanoseconds = Atomic<Int>(0)
    private let passwordIsSet = Atomic<Bool>(false)
    private let changes = Atomic<Int>(0)

    package init() {}

    /// The values and origins of another registry, without its observers: to try changes out.
    package init(copying other: SettingsRegistry) {
        let copied = other.state.withLock { (values: $0.values, origins: $0.origins) }
        state.withLock {
            $0.values = copied.values
            $0.origins = copied.origins
        }
    }

    // MARK: reading

    /// A copy of all values as they are now.
    package var values: SettingsState { state.withLock { $0.values } }

    /// A copy of the search tunables as they are now.
    package var search: SearchSettings { state.withLock { $0.values.search } }
    package var server: ServerSettings { state.withLock { $0.values.server } }
    package var ring: RingSettings { state.withLock { $0.values.ring } }

    /// Counts changes: whoever keeps a copy compares this to see whether it is stale.
    package var generation: Int { changes.load(ordering: .acquiring) }
    /// Nanoseconds from which a command is slow; `Int.max`: none is.
    package var slowLogThreshold: Int { slowLogNanoseconds.load(ordering: .relaxed) }
    /// Nanoseconds from which an event is kept for LATENCY; 0: none is.
    package var latencyThreshold: Int { latencyNanoseconds.load(ordering: .relaxed) }
    package var hasPassword: Bool { passwordIsSet.load(ordering: .relaxed) }

    package func value(of setting: Setting) -> SettingValue { state.withLock { setting.get($0.values) } }

    package func origin(of setting: Setting) -> SettingOrigin {
        state.withLock { $0.origins[setting.name] ?? .builtIn }
    }

    /// Compares in time that does not depend on where the difference is.
    package func isPassword(_ candidate: some Collection<UInt8>) -> Bool {
        let expected = Array(server.password.utf8)
        var difference: UInt8 = expected.count == candidate.count ? 0 : 1
        var i = 0
        for byte in candidate {
            difference |= byte ^ (expected.isEmpty ? 0 : expected[i % expected.count])
            i += 1
        }
        return difference == 0
    }

    // MARK: changing

    /// Sets one value from its text.
    ///
    /// Before the server runs (`origin` other than `.command`) what is fixed at run time may still be set,
    /// but not what is fixed for good.
    package func set(_ setting: Setting, to text: String, origin: SettingOrigin = .command) throws(SettingError) {
        let value = try check(setting, text, origin)
        apply([(setting, value)], origin)
    }

    /// Sets several values, all or none.
    package func set(_ pairs: [(Setting, String)]) throws(SettingsFailure) {
        var values: [(Setting, SettingValue)] = []
        for (setting, text) in pairs {
            do throws(SettingError) {
                values.append((setting, try check(setting, text, .command)))
            } catch {
                throw SettingsFailure(name: setting.name, error: error)
            }
        }
        apply(values, .command)
    }

    /// States what a fixed value is (what the store does, say), without the checks that clients meet.
    package func state(_ name: String, as value: SettingValue) {
        guard let setting = SettingsCatalog.setting(named: name) else { return }
        apply([(setting, value)], .builtIn)
    }

    package func updateSearch(_ change: (inout SearchSettings) -> Void) {
        state.withLock { change(&$0.values.search) }
        changes.add(1, ordering: .releasing)
    }

    package func updateServer(_ change: (inout ServerSettings) -> Void) {
        let values = state.withLock {
            change(&$0.values.server)
            return $0.values
        }
        published(values)
    }

    /// Calls `body` now and after every change, on the thread that changes.
    package func observe(_ body: @escaping @Sendable (SettingsState) -> Void) {
        let now = state.withLock {
            $0.observers.append(body)
            return $0.values
        }
        body(now)
    }

    private func check(
        _ setting: Setting, _ text: String, _ origin: SettingOrigin
    ) throws(SettingError) -> SettingValue {
        if origin == .command, setting.isImmutable { throw .immutable }
        let value = try setting.kind.parse(text)
        if let why = setting.refusal?(value) { throw .refused(why) }
        if case .fixed(let why) = setting.effect, value != self.value(of: setting) { throw .refused(why) }
        return value
    }

    private func apply(_ values: [(Setting, SettingValue)], _ origin: SettingOrigin) {
        let now = state.withLock {
            for (setting, value) in values {
                setting.set(&$0.values, value)
                $0.origins[setting.name] = origin
            }
            return $0.values
        }
        published(now)
    }

    private func published(_ values: SettingsState) {
        let slow = values.server.slowLogThreshold
        slowLogNanoseconds.store(slow < 0 ? Int.max : slow.multipliedOrMax(by: 1000), ordering: .relaxed)
        latencyNanoseconds.store(values.server.latencyThreshold.multipliedOrMax(by: 1_000_000), ordering: .relaxed)
        passwordIsSet.store(!values.server.password.isEmpty, ordering: .relaxed)
        changes.add(1, ordering: .releasing)
        for observer in state.withLock({ $0.observers }) { observer(values) }
    }
}

/// Which of several settings was refused, and why.
package struct SettingsFailure: Error, Equatable, Sendable {
    package let name: String
    package let error: SettingError

    package init(name: String, error: SettingError) {
        self.name = name
        self.error = error
    }
}

extension Int {
    fileprivate func multipliedOrMax(by factor: Int) -> Int {
        let (product, overflows) = multipliedReportingOverflow(by: factor)
        return overflows ? .max : product
    }
}
