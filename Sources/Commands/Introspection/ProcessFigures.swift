// What the system says of this process.

import CSystemCalls
import Glibc

package enum ProcessFigures {
    package struct Memory: Sendable {
        package var resident = 0
        package var peak = 0
        /// Bytes the program has allocated and not freed.
        package var allocated = 0
    }

    /// The memory of this process as it is now.
    package static func now() -> Memory {
        var memory = Memory()
        let pages = firstLine(of: "/proc/self/statm").split(separator: " ")
        if pages.count > 1, let resident = Int(pages[1]) {
            memory.resident = resident * Int(sysconf(Int32(_SC_PAGESIZE)))
        }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        memory.peak = max(Int(usage.ru_maxrss) * 1024, memory.resident)
        memory.allocated = csystem_memory_allocated()
        return memory
    }

    /// Seconds of the processor spent in the system and in the program.
    package static func processorTime() -> (system: Double, user: Double) {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = { (time: timeval) in Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return (seconds(usage.ru_stime), seconds(usage.ru_utime))
    }

    package static func purge() { csystem_memory_trim() }

    package static func systemName() -> String {
        var name = utsname()
        guard uname(&name) == 0 else { return "unknown" }
        return "\(text(name.sysname)) \(text(name.release)) \(text(name.machine))"
    }

    package static func totalMemory() -> Int { Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE))) }

    /// `1.50M`, as INFO writes it.
    package static func human(_ bytes: Int) -> String {
        let units = ["B", "K", "M", "G", "T"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(bytes)B" : "\(fixed(value))\(units[unit])"
    }

    /// Two decimals.
    package static func fixed(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "0.00" }
        let hundredths = Int((abs(value) * 100).rounded())
        let rest = hundredths % 100
        return "\(value < 0 ? "-" : "")\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private static func firstLine(of path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, Int32(line.count), file) != nil else { return "" }
        return String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func text<T>(_ field: T) -> String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
