// Starting another program and watching over it.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A call of the operating system that failed.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    package let call: String
    package let code: Int32

    package init(_ call: String, _ code: Int32 = errno) {
        self.call = call
        self.code = code
    }

    package var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// A program we have started.
package struct ChildProcess: Sendable {
    package let identifier: pid_t

    /// Starts `executable` in a session of its own, so that a Ctrl-C meant for us does not reach it.
    ///
    /// - Parameters:
    ///   - inherited: a descriptor that the child keeps open as its number 3, and thereby any lock on it.
    ///   - output: file that takes what it prints; `nil`: nowhere.
    package init(
        _ executable: String, _ arguments: [String], inherited: Int32? = nil, output: String? = nil
    ) throws(SystemError) {
        #if canImport(Glibc)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #else
        var actions = posix_spawn_file_actions_t(nil as OpaquePointer?)
        var attributes = posix_spawnattr_t(nil as OpaquePointer?)
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        if let inherited { posix_spawn_file_actions_adddup2(&actions, inherited, 3) }
        #if canImport(Glibc)
        _ = Self.addCloseFrom?(&actions, inherited == nil ? 3 : 4)
        #endif
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGQUIT] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        #if canImport(Glibc)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | Self.newSession
        #else
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | Self.newSession
        #endif
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child = pid_t()
        let failure = posix_spawn(&child, executable, &actions, &attributes, words, environ)
        guard failure == 0 else { throw SystemError("start \(executable)", failure) }
        identifier = child
    }

    #if canImport(Glibc)
    private typealias AddCloseFrom =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>?, Int32) -> Int32

    /// posix_spawn_file_actions_addclosefrom_np, hidden from Swift, and missing in an old Glibc: then the child keeps
    /// those of our descriptors that are not closed on exec.
    private static let addCloseFrom: AddCloseFrom? =
        dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map { unsafeBitCast($0, to: AddCloseFrom.self) }
    #endif

    /// POSIX_SPAWN_SETSID, which Glibc shows only to its own extensions.
    private static let newSession: Int32 = {
        #if canImport(Glibc)
        0x80
        #else
        0x0400
        #endif
    }()

    /// What became of it; `nil` while it runs. Afterwards the number may belong to somebody else.
    package func ended() -> String? {
        var status: Int32 = 0
        let result = waitpid(identifier, &status, WNOHANG)
        if result == 0 || (result < 0 && errno == EINTR) { return nil }
        if result < 0 { return "is gone" }
        let signal = status & 0x7f
        return signal == 0 ? "ended with status \(status >> 8 & 0xff)" : "was ended by signal \(signal)"
    }

    package func signal(_ number: Int32) { kill(identifier, number) }

    /// Looks for a program in the folders of PATH; a name with a slash is taken as it is.
    package static func find(_ name: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        for folder in path.split(separator: ":") {
            let candidate = "\(folder)/\(name)"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        return nil
    }
}
