// Threads that block: the store's lanes, loaders and supervisors. Event loops are not among them.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A thread of its own, with a name that shows in debuggers and in `top -H`.
package final class OwnThread: @unchecked Sendable {
    // Sendable: `handle` is written once, before the object is handed out, and joined once.
    private var handle = pthread_t(bitPattern: 0)

    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread that runs `body` and ends.
    package init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(name, body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        // Reply trees are walked by depth-limited recursion; a megabyte is ample, and mapped lazily.
        pthread_attr_setstacksize(&attributes, 1 << 20)
        #if canImport(Glibc)
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, &attributes,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                nameCurrentThread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        precondition(failure == 0, "no thread could be made: \(failure)")
        handle = thread
        #else
        let failure = pthread_create(
            &handle, &attributes,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                pthread_setname_np(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        precondition(failure == 0, "no thread could be made: \(failure)")
        #endif
        pthread_attr_destroy(&attributes)
    }

    /// Waits until the thread has ended. To be called once, from another thread.
    package func join() {
        #if canImport(Glibc)
        pthread_join(handle, nil)
        #else
        if let handle { pthread_join(handle, nil) }
        #endif
    }
}

#if canImport(Glibc)
/// Glibc's own call is hidden from Swift; the kernel takes the name from a file as well. Only for onlookers: may fail.
private func nameCurrentThread(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let bytes = Array(name.utf8.prefix(15))
    _ = write(file, bytes, bytes.count)
    close(file)
}
#endif

/// A value under a lock, with waiting for changes.
package final class Monitor<Value>: @unchecked Sendable {
    // Sendable: `value` is touched with the mutex held, only.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    @exclusivity(unchecked) private var value: Value

    package init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        #if canImport(Glibc)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
        #else
        pthread_cond_init(condition, nil)
        #endif
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` with the lock held; wakes nobody.
    @inline(__always)
    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Runs `body` with the lock held, then wakes all who wait.
    @inline(__always)
    package func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        return try body(&value)
    }

    /// Waits until `body` gives a result, or for `milliseconds` (`nil`: without end); `nil` when that time is over.
    package func wait<Result>(milliseconds: Int? = nil, _ body: (inout Value) -> Result?) -> Result? {
        let deadline = milliseconds.map { MonotonicClock.nanoseconds &+ UInt64(max($0, 0)) &* 1_000_000 }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&value) { return result }
            guard let deadline else {
                pthread_cond_wait(condition, mutex)
                continue
            }
            let now = MonotonicClock.nanoseconds
            if now >= deadline { return nil }
            #if canImport(Glibc)
            var until = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
            pthread_cond_timedwait(condition, mutex, &until)
            #else
            let left = deadline - now
            var until = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
            pthread_cond_timedwait_relative_np(condition, mutex, &until)
            #endif
        }
    }
}
