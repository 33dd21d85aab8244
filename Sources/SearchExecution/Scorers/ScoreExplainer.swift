import SearchIndex
import SearchModel

extension SearchRun {
    func explain(_ root: Int, largest: Double) {}
}
