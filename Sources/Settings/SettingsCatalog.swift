// The list of all tunables.

package enum SettingsCatalog {
    /// Search tunables first, in FT.CONFIG's order.
    package static let all: [Setting] = search + server + ringwide

    /// Positions by CONFIG name (lower case) and by FT.CONFIG name (upper case).
    static let byName: [String: Int] = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1.name, $0) })
    static let bySearchName: [String: Int] = Dictionary(
        uniqueKeysWithValues: all.enumerated().flatMap { at, setting in setting.searchNames.map { ($0, at) } })

    package static func setting(named name: String) -> Setting? { byName[name.lowercased()].map { all[$0] } }

    package static func setting(searchNamed name: String) -> Setting? {
        bySearchName[name.uppercased()].map { all[$0] }
    }
}
