// The languages that documents and queries may be in.

import SearchModel

/// A language by its FT.CREATE name. Each but Chinese has a Snowball stemmer.
package enum Language: String, CaseIterable, Sendable {
    case arabic, armenian, basque, catalan, danish, dutch, english, finnish, french, german, greek, hindi,
        hungarian, indonesian, irish, italian, lithuanian, nepali, norwegian, portuguese, romanian, russian, serbian,
        spanish, swedish, tamil, turkish, yiddish
    /// Known by name; its segmenter is not built in, so that indexes in Chinese must be refused.
    case chinese

    /// The language of this name, in any case; `nil` when there is none.
    package init?(name: some Sequence<UInt8>) {
        self.init(rawValue: String(decoding: name.map(\.asciiLowercased), as: UTF8.self))
    }

    package var isSupported: Bool { self != .chinese }
}
