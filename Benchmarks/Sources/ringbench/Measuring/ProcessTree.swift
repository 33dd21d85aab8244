// CPU and memory of a server: of the process that listens on its port, and of its children.

import Foundation

struct ProcessTree: Sendable {
    let processes: [Int]

    /// Whoever listens on `port` of this machine, with descendants; empty when that cannot be told.
    init(listeningOn port: Int) {
        let inodes = Self.listeningInodes(port)
        guard !inodes.isEmpty else {
            processes = []
            return
        }
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int($0) } ?? []
        var owners: Set<Int> = []
        for process in all {
            let folder = "/proc/\(process)/fd"
            // Processes of other users cannot be looked into.
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
                else { continue }
                if target.hasPrefix("socket:["), let inode = Int(target.dropFirst(8).dropLast()), inodes.contains(inode)
                {
                    owners.insert(process)
                    break
                }
            }
        }
        var parents: [Int: Int] = [:]
        for process in all { parents[process] = Self.fields(process)?.parent }
        var members = owners
        var grew = true
        while grew {
            grew = false
            for (process, parent) in parents where members.contains(parent) && members.insert(process).inserted {
                grew = true
            }
        }
        processes = members.sorted()
    }

    /// CPU seconds used so far.
    var cpuSeconds: Double {
        let ticks = processes.reduce(0) { $0 + (Self.fields($1)?.ticks ?? 0) }
        return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Bytes of memory held.
    var residentBytes: Int {
        let pages = processes.reduce(0) { sum, process in
            let words = (try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8))?.split(separator: " ")
            return sum + (words.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0)
        }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    private static func fields(_ process: Int) -> (parent: Int, ticks: Int)? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let close = text.lastIndex(of: ")")
        else { return nil }
        let words = text[text.index(after: close)...].split(separator: " ")
        guard words.count > 13, let parent = Int(words[1]), let user = Int(words[11]), let system = Int(words[12])
        else { return nil }
        return (parent, user + system)
    }

    private static func listeningInodes(_ port: Int) -> Set<Int> {
        var inodes: Set<Int> = []
        for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { continue }
            for line in text.split(separator: "\n").dropFirst() {
                let words = line.split(separator: " ")
                // State 0A is LISTEN.
                guard words.count > 9, words[3] == "0A", let local = words[1].split(separator: ":").last,
                    Int(local, radix: 16) == port,
                    let inode = Int(words[9])
                else { continue }
                inodes.insert(inode)
            }
        }
        return inodes
    }
}
