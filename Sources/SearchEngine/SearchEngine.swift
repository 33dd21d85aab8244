import Settings
import Storage

package final class SearchEngine: Sendable {
    package init() {}
}
