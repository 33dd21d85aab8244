// A value behind a lock.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Guards a value by a POSIX mutex. For short critical sections on cold or tepid paths.
///
/// Not Synchronization's `Mutex`: on Linux its contended path is invisible to the thread sanitizer, which then reports
/// whatever the mutex guards. An uncontended lock and unlock cost about the same, 20 ns.
///
/// `@unchecked Sendable`: the value is only reached through ``withLock(_:)``, by one thread at a time.
public final class Locked<Value: ~Copyable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    public init(_ value: consuming sending Value) {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        self.value = value
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    public func withLock<Result: ~Copyable>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
