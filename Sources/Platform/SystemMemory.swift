// The allocator's dealings with the system.

import CSystemCalls

package enum SystemMemory {
    /// Large pieces come from the system one by one and go back at once, so that what a merge has used does not stay. To be
    /// called when the process starts.
    package static func returnLargePieces() { csystem_memory_map_large(1 << 20) }

    /// Gives the system what is free. Milliseconds, in which allocations of other threads may wait.
    package static func giveBack() { csystem_memory_trim() }
}
