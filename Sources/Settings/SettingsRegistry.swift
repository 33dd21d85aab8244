// Every tunable once. (Grows with the server: names, ranges, docs.)

import Synchronization

package final class SettingsRegistry: Sendable {
    private let searchState = Mutex(SearchSettings())

    package init() {}

    /// A copy of the search tunables as they are now.
    package var search: SearchSettings { searchState.withLock { $0 } }

    package func updateSearch(_ change: (inout sending SearchSettings) -> Void) {
        searchState.withLock { change(&$0) }
    }
}
