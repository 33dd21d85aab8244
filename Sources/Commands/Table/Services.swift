// What commands may use; wired once by the executable.

import SearchEngine
import Settings
import Storage

package final class Services: Sendable {
    package let store: any DocumentStore
    package let settings: SettingsRegistry
    package let search: SearchEngine

    package init(store: any DocumentStore, settings: SettingsRegistry, search: SearchEngine) {
        self.store = store
        self.settings = settings
        self.search = search
    }
}
