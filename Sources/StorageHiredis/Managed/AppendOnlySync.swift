// Makes the store's append-only files durable, once a second, from outside the store.
//
//   appendonlydir/appendonly.aof.3.base.rdb     synced by the store when written
//                 appendonly.aof.3.incr.aof     what the store writes to now: ours to sync
//                 appendonly.aof.manifest       which of them count: synced by the store
//
// During a rewrite there are two `incr` files, and both count until the manifest changes. Stores before version 7 have a
// single `appendonly.aof` beside the folder. fdatasync works on the file, whoever has written it.

import Platform

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct AppendOnlySync {
    let folder: String
    private var synced: [String: Stamp] = [:]
    private var names: [String] = []

    private struct Stamp: Equatable {
        var inode: UInt64
        var size: Int64
        var seconds: Int
        var nanoseconds: Int
    }

    init(folder: String) { self.folder = folder }

    /// Syncs what has changed since the last call.
    mutating func run() throws(SystemError) {
        let inside = folder + "/appendonlydir"
        var paths = Files.names(in: inside).filter { $0.hasSuffix(".aof") }.map { inside + "/" + $0 }
        if paths.isEmpty { paths = Files.names(in: folder).filter { $0 == "appendonly.aof" }.map { folder + "/" + $0 } }
        for path in paths { try sync(path) }
        if paths != names {
            if let slash = paths.first?.lastIndex(of: "/") { try Files.syncFolder(String(paths[0][..<slash])) }
            names = paths
            synced = synced.filter { paths.contains($0.key) }
        }
    }

    private mutating func sync(_ path: String) throws(SystemError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            // Removed by the end of a rewrite between listing and opening.
            if errno == ENOENT { return }
            throw SystemError("open \(path)")
        }
        defer { close(file) }
        // The stamp is taken first: what is written during the sync has another one.
        var information = stat()
        guard fstat(file, &information) == 0 else { throw SystemError("stat \(path)") }
        #if canImport(Glibc)
        let time = information.st_mtim
        #else
        let time = information.st_mtimespec
        #endif
        let stamp = Stamp(
            inode: UInt64(information.st_ino), size: Int64(information.st_size), seconds: Int(time.tv_sec),
            nanoseconds: Int(time.tv_nsec))
        if synced[path] == stamp { return }
        #if canImport(Glibc)
        guard fdatasync(file) == 0 else { throw SystemError("fdatasync \(path)") }
        #else
        guard fsync(file) == 0 else { throw SystemError("fsync \(path)") }
        #endif
        synced[path] = stamp
    }
}
