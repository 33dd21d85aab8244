// Small files and locks. Large ones are mapped by whoever owns their format.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

package enum Files {
    /// Makes a folder and those above it that are missing.
    package static func makeFolder(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 { return }
        switch errno {
        case EEXIST:
            var information = stat()
            guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
                throw SystemError("mkdir \(path)", ENOTDIR)
            }
        case ENOENT:
            guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
                throw SystemError("mkdir \(path)")
            }
            try makeFolder(String(path[..<slash]))
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError("mkdir \(path)") }
        default: throw SystemError("mkdir \(path)")
        }
    }

    /// All bytes of a small file; `nil` when it cannot be read.
    package static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var result: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            #if canImport(Glibc)
            let count = Glibc.read(file, &part, part.count)
            #else
            let count = Darwin.read(file, &part, part.count)
            #endif
            if count < 0 {
                if errno == EINTR { continue }
                return nil
            }
            if count == 0 { return result }
            result.append(contentsOf: part[..<count])
        }
    }

    /// Replaces a file: after a crash it has the old content or the new one, never a part.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemError("open \(temporary)") }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                close(file)
                throw SystemError("write \(temporary)", code)
            }
            written += count
        }
        let synced = fsync(file)
        let code = errno
        close(file)
        guard synced == 0 else { throw SystemError("fsync \(temporary)", code) }
        guard rename(temporary, path) == 0 else { throw SystemError("rename \(temporary)") }
        if let slash = path.lastIndex(of: "/") { try syncFolder(String(path[..<slash])) }
    }

    /// Makes the names in a folder durable.
    package static func syncFolder(_ path: String) throws(SystemError) {
        let folder = open(path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw SystemError("open \(path)") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw SystemError("fsync \(path)") }
    }

    /// Names in a folder but for `.` and `..`, sorted; empty when there is no such folder.
    package static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var result: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { result.append(name) }
        }
        return result.sorted()
    }

    /// The absolute form of a path that need not exist.
    package static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        let rest = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return String(cString: current) + "/" + rest
    }
}

/// An exclusive lock on a file, held until it is released or the last process that has its descriptor ends.
package struct FileLock: ~Copyable {
    /// To be inherited by a child that shall hold the lock.
    package let descriptor: Int32

    /// Takes the lock, or returns `nil` when somebody else holds it. The file is made when missing, and never removed.
    package init?(_ path: String) throws(SystemError) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemError("open \(path)") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(file)
            if code == EWOULDBLOCK { return nil }
            throw SystemError("lock \(path)", code)
        }
        descriptor = file
    }

    /// Writes a line into the locked file, for people who wonder who holds it.
    package func note(_ text: String) {
        ftruncate(descriptor, 0)
        let bytes = Array(text.utf8)
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }

    /// Gives the lock up, for all who have the descriptor.
    package func release() { flock(descriptor, LOCK_UN) }

    // A descriptor that a child has inherited keeps the lock.
    deinit { close(descriptor) }
}
