// What is asked of a replica, and what it answers.

/// What a replica has to know about its node.
package struct ReplicaSettings: Sendable {
    /// The id in the versions that this node makes.
    package var node: UInt64
    /// Where the ring places a key.
    package var token: @Sendable (Bytes) -> UInt32
    /// The keys of a command, in the order of its arguments.
    package var keys: @Sendable ([Bytes]) -> [Bytes]
    /// Changes when the machine was started anew: what was written before, but not synced, may be lost.
    package var boot: UInt64
    /// A batch for the store is closed at so many effects and commands, or bytes.
    package var batchUnits = 64
    package var batchBytes = 256 << 10
    /// Units that may wait; more are answered `busy`.
    package var queueBound = 100_000
    /// How often the marker is written with plain batches, in milliseconds.
    package var markerInterval: UInt64 = 5
    package var checkpointInterval: UInt64 = 1_000
    /// After so many milliseconds the store is believed to have synced what it was told.
    package var storeSyncDelay: UInt64 = 3_000
    package var clockLeadLimit: UInt64 = 500
    package var feedBounds = ChangeFeed.Bounds(age: 3_600_000)

    package init(
        node: UInt64, boot: UInt64, token: @escaping @Sendable (Bytes) -> UInt32,
        keys: @escaping @Sendable ([Bytes]) -> [Bytes]
    ) {
        self.node = node
        self.boot = boot
        self.token = token
        self.keys = keys
    }
}

/// Something to do for a replica.
package enum ReplicaWork: Equatable, Sendable {
    /// Effects, in this order.
    ///
    /// - Parameters:
    ///   - mode: with ``Replicate/Mode/write`` what a client would see refused is refused.
    ///   - isFetch: the items are states of a co-owner, asked for because values are missing here.
    case apply([Item], mode: Replicate.Mode, isFetch: Bool)
    /// Commands that run here, once; several are one transaction.
    case execute([[Bytes]], preconditions: [ClientRequest.Precondition])
    /// Commands that only read, behind all that came before for their keys.
    case read([[Bytes]], want: Read.Want)
    /// The whole states of keys.
    case states([Bytes])
    /// Somebody else changed the key in the store.
    case changedBehind(Bytes)
}

/// What became of one effect.
package struct ItemOutcome: Equatable, Sendable {
    package var status: ItemStatus
    /// What the command that this effect is would answer; with ``ItemStatus/storeError`` the store's error.
    package var reply: CommandReply

    package init(_ status: ItemStatus, _ reply: CommandReply = .null) {
        self.status = status
        self.reply = reply
    }
}

package enum ExecutionOutcome: Equatable, Sendable {
    /// One reply per command, in RESP2, and what is to be shipped to the co-owners.
    case done(replies: [Bytes], items: [Item])
    /// Not run: a watched key has another version.
    case preconditionFailed
    /// Not run: the store refused, with this error in RESP2.
    case refused(Bytes)
    /// The store was lost. The commands may or may not have run; what they did, if they did, is in the feed.
    case unknown
    /// Not run: too much was waiting.
    case busy
}

/// An answer of a replica.
package enum ReplicaCompletion: Equatable, Sendable {
    case applied(token: UInt64, [ItemOutcome])
    case executed(token: UInt64, ExecutionOutcome)
    /// `nil` for all: too much was waiting.
    case read(token: UInt64, [ReadReply.Entry])
    case states(token: UInt64, [Item])
    case feed(token: UInt64, FeedReply)
    /// The feed cannot be told yet: what the log holds is not in it. To be asked again.
    case notReady(token: UInt64)
    /// Values of these keys are not here: a co-owner's states are to be applied as a fetch.
    case missing([Bytes])
    /// The store works, and this is what the node's ranges have to do.
    case recovered(RecoveryPlan.Ranges)
    /// What is confirmed up to here is on disk: positions that were noted before it may be told to co-owners.
    case checkpointed(FeedPositions)
    /// Store and record have come apart at this key.
    case drift(Bytes)
}

/// What a replica wants: the directives first and in their order, then what follows from the completions.
package struct ReplicaOutput: Sendable {
    package var directives: [RingDirective] = []
    package var completions: [ReplicaCompletion] = []

    package init() {}
}
