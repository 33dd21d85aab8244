// Makes the link to the store, and makes it again when it breaks.
//
//   lane connection      CLIENT TRACKING ON REDIRECT <subscriber> BCAST NOLOOP      commands; its own writes are not told
//   subscriber           SUBSCRIBE __redis__:invalidate  <fences>                   everybody else's writes, expiry, flush
//
// The two live and die together: without the one the other's view of the store has a hole. A new link therefore begins
// with a check of everything, unless it is the first.
//
// All keys are tracked, not the prefixes of the indexes: redis-server walks its list of prefixes for every write. With
// version 7.0 on one machine a pipelined HSET took 1.4 us of its time untracked, 1.9 with all keys tracked, 2.1 with one
// prefix, 2.4 with four and 3.8 with 64. Besides, it refuses prefixes that overlap.

import Platform
import RESP
import Storage

/// The thread that connects, watches and asks the store how it is.
final class LinkKeeper: @unchecked Sendable {
    // Sendable: shared state is in monitors; the rest belongs to the keeper's thread.
    private struct Shared {
        var isStopped = false
        /// The link that is known to be broken.
        var brokenGeneration = 0
        var generation = 0
        var subscriber: ChangeSubscriber?
    }

    private let configuration: HiredisStore.Configuration
    private let inbox: LaneInbox
    private let status: LinkStatus
    private let shared = Monitor(Shared())
    @exclusivity(unchecked) private var control: StoreConnection?
    @exclusivity(unchecked) private var thread: OwnThread?
    private let tape = ReplyTape()

    init(configuration: HiredisStore.Configuration, inbox: LaneInbox, status: LinkStatus) {
        self.configuration = configuration
        self.inbox = inbox
        self.status = status
    }

    func start() { thread = OwnThread("store-link") { [self] in run() } }

    func stop() {
        shared.change { shared in
            shared.isStopped = true
            shared.subscriber?.stop()
            shared.subscriber = nil
        }
        thread?.join()
        thread = nil
    }

    /// Any side of the link may find it broken; the other side is ended too.
    func broken(_ generation: Int, _ reason: String) {
        let isNews = shared.change { shared in
            guard generation == shared.generation, shared.brokenGeneration < generation else { return false }
            shared.brokenGeneration = generation
            shared.subscriber?.stop()
            shared.subscriber = nil
            return true
        }
        if isNews {
            status.set(.down(reason))
            inbox.send(.linkDown(generation: generation, reason: reason))
        }
    }

    // MARK: the thread

    private func run() {
        var pause = 0
        var isFirst = true
        while true {
            let isStopped = shared.wait(milliseconds: pause) { $0.isStopped ? true : nil } ?? false
            if isStopped { break }
            do {
                if try makeLink(isFirst: isFirst) {
                    isFirst = false
                    pause = 0
                    watch()
                } else {
                    // Loading: the store is there, so that it is asked often.
                    pause = 100
                }
            } catch {
                status.set(.down(error.reason))
                pause = min(
                    max(2 * pause, configuration.reconnectPause.lowerBound), configuration.reconnectPause.upperBound)
            }
        }
        control = nil
    }

    private func connect(_ name: String, timeout: Int) throws(LinkFailure) -> StoreConnection {
        try StoreConnection.connect(
            configuration.endpoint, name: "ringsearch-" + name, connectTimeout: configuration.connectTimeout,
            commandTimeout: timeout)
    }

    /// Makes all connections of a link and hands them out; `false` while the store loads its data.
    private func makeLink(isFirst: Bool) throws(LinkFailure) -> Bool {
        let control: StoreConnection
        if let known = self.control {
            control = known
        } else {
            control = try connect("control", timeout: configuration.connectTimeout)
        }
        // Not kept when anything below fails.
        self.control = nil
        let information = try ask(control)
        if information["loading"] == "1" {
            status.set(.loading(percent: Int(Double(information["loading_loaded_perc"] ?? "") ?? 0)))
            self.control = control
            return false
        }
        // What is asked here has to be answered in time; the changes later may be as far apart as they like.
        let subscriber = try connect("changes", timeout: configuration.connectTimeout)
        let lane = try connect("lane", timeout: configuration.commandTimeout)
        let identifier = try subscriber.ask(["CLIENT", "ID"], tape)
        guard tape[identifier].kind == .integer else { throw LinkFailure(tape.string(identifier)) }
        let number = tape[identifier].value
        for channel in [ChangeSubscriber.invalidations, configuration.fenceChannel] {
            let reply = try subscriber.ask(["SUBSCRIBE", channel], tape)
            if tape[reply].kind == .error { throw LinkFailure(tape.string(reply)) }
        }
        subscriber.setTimeout(milliseconds: 0)
        let tracking = try lane.ask(
            ["CLIENT", "TRACKING", "ON", "REDIRECT", String(number), "BCAST", "NOLOOP"], tape)
        if tape[tracking].kind == .error {
            throw LinkFailure("the store cannot tell of changes: " + tape.string(tracking))
        }
        let generation = shared.change { shared -> Int? in
            if shared.isStopped { return nil }
            shared.generation += 1
            shared.subscriber = ChangeSubscriber(
                subscriber, generation: shared.generation, fenceChannel: configuration.fenceChannel, inbox: inbox
            ) { [weak self] generation, reason in self?.broken(generation, reason) }
            return shared.generation
        }
        guard let generation else { return false }
        self.control = control
        // The lane says when it is up: a batch that comes earlier would be refused.
        inbox.send(.linkUp(lane, generation: generation, isFirst: isFirst))
        return true
    }

    /// Asks the store how it is, until the link is broken or the keeper is stopped.
    private func watch() {
        while true {
            let end = shared.wait(milliseconds: 1000) {
                $0.isStopped || $0.brokenGeneration == $0.generation ? true : nil
            }
            if end != nil { return }
            do {
                if control == nil { control = try connect("control", timeout: configuration.connectTimeout) }
                if let control { _ = try ask(control) }
            } catch {
                // The lane finds out by itself whether its connection works: a slow script delays this one as well.
                control = nil
            }
        }
    }

    private func ask(_ control: StoreConnection) throws(LinkFailure) -> [String: String] {
        let reply = try control.ask(["INFO"], tape)
        if tape[reply].kind == .error { throw LinkFailure(tape.string(reply)) }
        var information = parseInformation(tape.text(reply))
        let size = try control.ask(["DBSIZE"], tape)
        if tape[size].kind == .integer { information["dbsize"] = String(tape[size].value) }
        status.set(information: information)
        return information
    }
}
