// Which links are encrypted: Dynomite's `secure_server_option`.

/// Links whose requests this node encrypts. It rules what a node sends on links that it opens, not what it accepts.
package enum LinkEncryption: String, Hashable, Sendable, CaseIterable {
    case none
    /// Between racks, also of one datacenter.
    case rack
    case datacenter
    case all

    package func applies(isSameDatacenter: Bool, isSameRack: Bool) -> Bool {
        switch self {
        case .none: false
        case .rack: !isSameRack || !isSameDatacenter
        case .datacenter: !isSameDatacenter
        case .all: true
        }
    }
}
