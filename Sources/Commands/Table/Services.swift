// What commands may use; wired once by the executable.

import SearchEngine
import Settings
import Storage

package final class Services: Sendable {
    package let store: any DocumentStore
    package let settings: SettingsRegistry
    package let search: SearchEngine
    package let server: ServerState

    package init(
        store: any DocumentStore, settings: SettingsRegistry, search: SearchEngine,
        server: ServerState = ServerState()
    ) {
        self.store = store
        self.settings = settings
        self.search = search
        self.server = server
    }
}
