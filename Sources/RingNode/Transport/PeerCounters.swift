// What happens on peer links, in numbers.

import Synchronization

/// Counters of all links of a node. Any thread may add and read.
package final class PeerCounters: Sendable {
    package enum Counter: Int, CaseIterable, Sendable {
        case framesReceived, framesSent, bytesReceived, bytesSent
        case requestsSent, requestsReceived, answersReceived, answersSent
        case linksOpened, linksAccepted, linksLost, connectFailures
        /// Requests refused because too much was waiting, and links refused because there were too many.
        case queueFull, linksRefused
        case timeouts
        /// Answers to requests that were given up, and answers that nobody asked for.
        case lateAnswers, unknownAnswers
        /// Frames of kinds that have no meaning where they came.
        case ignoredFrames
        /// Messages of kinds that this version does not know; they are answered as such.
        case unsupportedMessages
        /// Messages before a greeting.
        case ungreetedMessages
        case gossipReceived, malformedGossip
        /// Streams that were no frames, parts that made no message, payloads that could not be decrypted.
        case badFrames, badParts, badCiphers
        /// Links that showed no certificate where one is asked for, or one that is not accepted.
        case handshakesFailed
        case garbageBytes
        /// Links that stopped in the middle of a frame, or did not take their answers.
        case stalledLinks
    }

    private let values: [Value]

    private final class Value: Sendable {
        let number = Atomic<UInt64>(0)
    }

    package init() {
        values = Counter.allCases.map { _ in Value() }
    }

    package func add(_ counter: Counter, _ amount: Int = 1) {
        values[counter.rawValue].number.wrappingAdd(UInt64(max(amount, 0)), ordering: .relaxed)
    }

    package subscript(counter: Counter) -> UInt64 { values[counter.rawValue].number.load(ordering: .relaxed) }
}
