// A value that is computed when first asked for and shared by all copies of its column.

import Containers

/// Computes at most a few times (racing readers may each compute; one result stays), remembers for good.
final class Once<Value: Sendable>: Sendable {
    private let stored = Locked<Value?>(nil)

    var isEmpty: Bool { stored.withLock { $0 == nil } }

    func value(_ compute: () -> Value) -> Value {
        if let value = stored.withLock({ $0 }) { return value }
        // Outside the lock: a long computation must not make other readers wait for it.
        let value = compute()
        return stored.withLock { kept in
            if let kept { return kept }
            kept = value
            return value
        }
    }
}
