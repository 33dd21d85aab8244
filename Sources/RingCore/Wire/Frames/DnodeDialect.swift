// Type 3 and type 4 mean opposite things to the two families of older nodes.
//
//                          Dynomite (C)                        its Rust descendant
//   type 3, receiver       runs it on its own store            plans again, may fan out
//   type 4, receiver       fans out to all racks of its DC     runs it on its own store
//   type 4, sender         same_dc 0, to one rack of a DC      same_dc 1, to every replica
//
// The receiver can tell them apart by the datacenter digit; the sender has to be told whom it talks to.

/// Which family of older nodes the requests of this node are worded for.
package enum DnodeDialect: String, Hashable, Sendable, CaseIterable {
    /// Dynomite's: the entry rack of another datacenter spreads a request there.
    case netflix
    /// The descendant's: the coordinator names every replica itself.
    case seed

    /// What a store request should cause where it arrives.
    package enum Purpose: Hashable, Sendable {
        /// Run on the receiver's own store: a replica of the sender's datacenter, a repair, a handed-over write, a
        /// command for all nodes.
        case receiverOnly
        /// Enter another datacenter: all its owners of the key are to get it. The descendant knows no such request; its
        /// receiver does it alone, and the coordinator writes to each.
        case datacenterEntry
    }

    /// Kind and datacenter digit of a store request.
    package func wording(
        _ purpose: Purpose, isSameDatacenter: Bool
    ) -> (kind: FrameKind, isSameDatacenter: Bool) {
        switch (self, purpose) {
        case (.netflix, .receiverOnly): (.request, isSameDatacenter)
        case (.netflix, .datacenterEntry): (.requestForward, false)
        case (.seed, _): (.requestForward, true)
        }
    }

    /// A store request for a peer that speaks this dialect.
    package func request(
        id: UInt64, _ purpose: Purpose, isSameDatacenter: Bool, payload: [UInt8]
    ) -> Frame {
        let wording = wording(purpose, isSameDatacenter: isSameDatacenter)
        return Frame(id: id, kind: wording.kind, isSameDatacenter: wording.isSameDatacenter, payload: payload)
    }
}

/// What a received store request asks for, whichever family sent it.
package enum StoreRequestScope: Hashable, Sendable {
    /// This node's own store, nothing else.
    case receiverOnly
    /// The key's owner in every rack of this datacenter.
    case datacenter

    /// `nil` for frames that are no store request.
    package init?(_ frame: Frame) {
        guard frame.kind.isStoreRequest else { return nil }
        self = frame.kind == .requestForward && !frame.isSameDatacenter ? .datacenter : .receiverOnly
    }
}
