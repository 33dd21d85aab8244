// How configuration files and seed providers name a node: host:port:rack:dc:token[,token...][ name]
//
//   10.0.0.2:8101:rack1:dc1:1431655765
//   [fd00::2]:8101:rack2:dc1:0,2147483648 spare
//
// Parts are split off from the right, so that the host may have colons. Several entries in one text have bars between.

/// A node as a seed names it.
package struct SeedEntry: Hashable, Sendable, CustomStringConvertible {
    package let address: NodeAddress
    package let rack: String
    package let datacenter: String
    /// Ascending.
    package let tokens: [Token]

    package init(address: NodeAddress, rack: String, datacenter: String, tokens: [Token]) {
        self.address = address
        self.rack = rack
        self.datacenter = datacenter
        self.tokens = tokens
    }

    package init(_ text: some StringProtocol, reading: Token.Reading = .strict) throws(SeedError) {
        // A name behind a blank is for people.
        let words = text.split(separator: " ")
        guard words.count <= 2, let entry = words.first else {
            throw SeedError(String(text), "is no seed: \(Self.form)")
        }
        let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 5 else { throw SeedError(String(text), "is no seed: \(Self.form)") }
        let place = try Place(parts[(parts.count - 3)...].joined(separator: ":"), in: String(text), reading)
        let addressText = parts[..<(parts.count - 3)].joined(separator: ":")
        guard let address = NodeAddress(addressText) else {
            throw SeedError(String(text), "'\(addressText)' is no address of a node: host:port")
        }
        self.init(address: address, rack: place.rack, datacenter: place.datacenter, tokens: place.tokens)
    }

    private static let form = "host:port:rack:dc:tokens"

    /// `rack:dc:tokens`
    private struct Place {
        let rack: String
        let datacenter: String
        let tokens: [Token]

        init(_ text: String, in whole: String, _ reading: Token.Reading) throws(SeedError) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 3 else { throw SeedError(whole, "is no place on the ring: rack:dc:tokens") }
            for (what, name) in [("rack", parts[0]), ("datacenter", parts[1])] where !RingName.isUsable(name) {
                throw SeedError(whole, "'\(name)' cannot be the name of a \(what)")
            }
            rack = String(parts[0])
            datacenter = String(parts[1])
            do throws(TokenError) {
                tokens = try Token.list(parts[2], reading: reading)
            } catch {
                throw SeedError(whole, error.description)
            }
        }
    }

    /// Entries between bars; blank ones are passed over.
    package static func list(
        _ text: some StringProtocol, reading: Token.Reading = .strict
    ) throws(SeedError) -> [SeedEntry] {
        var entries: [SeedEntry] = []
        for part in text.split(separator: "|") where !part.allSatisfy({ $0 == " " }) {
            entries.append(try SeedEntry(part, reading: reading))
        }
        return entries
    }

    /// Nodes that share a place: `port:rack:dc:tokens` for each of several hosts.
    package static func list(
        hosts: [String], place text: String, reading: Token.Reading = .strict
    ) throws(SeedError) -> [SeedEntry] {
        var entries: [SeedEntry] = []
        for host in hosts {
            // Brackets, or the port would look like the end of an IPv6 address to people.
            entries.append(try SeedEntry((host.contains(":") ? "[\(host)]" : host) + ":" + text, reading: reading))
        }
        return entries
    }

    /// The member that this seed stands for as long as nobody has said its id.
    package func member(kind: RingMember.Kind = .ringSearch, id: NodeID? = nil) -> RingMember {
        RingMember(
            id: id ?? NodeID(ofNodeIn: datacenter, rack: rack, firstToken: tokens.first ?? Token(0)),
            datacenter: datacenter, rack: rack, tokens: tokens, kind: kind, address: address)
    }

    package var description: String {
        "\(address):\(rack):\(datacenter):\(tokens.map(\.description).joined(separator: ","))"
    }
}

/// Why a text is no seed.
package struct SeedError: Error, Equatable, Sendable, CustomStringConvertible {
    package let text: String
    package let reason: String

    package init(_ text: String, _ reason: String) {
        self.text = text
        self.reason = reason
    }

    package var description: String { "'\(text)' \(reason)" }
}
