import SearchIndex
import SearchModel

extension SearchRun {
    func sortedSearch(_ root: Int) {}
}
