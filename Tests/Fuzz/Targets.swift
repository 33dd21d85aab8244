// Parsers of bytes from outside, each as a function that must end, without a trap, whatever it is given.

import RESP
import RingCore
import SearchAnalysis
import SearchExpressions
import SearchModel
import SearchQuery

/// One thing to fuzz.
enum FuzzTarget: String, CaseIterable {
    /// Query texts, in the dialect that the first byte chooses.
    case query
    /// Streams of requests: in pieces they must mean what they mean in one.
    case request
    /// Texts of APPLY and FILTER.
    case expression
    /// Texts of documents: tokens and stems in the language that the first byte chooses.
    case text
    /// Streams of peers' frames, with whatever messages and gossip they carry.
    case frame
    /// Configuration files, and what seed providers answer.
    case configuration

    func run(_ bytes: UnsafeBufferPointer<UInt8>) {
        switch self {
        case .query: Self.parseQuery(bytes)
        case .request: Self.parseRequests(bytes)
        case .expression:
            _ = try? ExpressionParser.parse(Array(bytes), resolve: { $0.count })  // being refused is a fine end
        case .text: Self.tokenize(bytes)
        case .frame: Self.readFrames(bytes)
        case .configuration: ConfigurationTarget.read(bytes)
        }
    }

    private static func parseQuery(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let choice = bytes.first else { return }
        let parameters: [Bytes: Bytes] = [Array("x".utf8): Array("5".utf8), Array("w".utf8): Array("word".utf8)]
        let options = QueryParserOptions(dialect: 1 + Int(choice) % 4, parameters: parameters)
        let text = UnsafeBufferPointer(rebasing: bytes.dropFirst())
        _ = try? QueryParser.parse(text, options: options)  // being refused is a fine way to end
    }

    private static func parseRequests(_ bytes: UnsafeBufferPointer<UInt8>) {
        let whole = requests(bytes, piece: bytes.count)
        let pieces = requests(bytes, piece: 1 + Int(bytes.first ?? 0) % 7)
        precondition(whole == pieces, "a stream means something else when it comes in pieces")
    }

    /// The requests of a stream that comes `piece` bytes at a time, and how it ended.
    private static func requests(_ bytes: UnsafeBufferPointer<UInt8>, piece: Int) -> [[Bytes]] {
        var parser = RequestParser()
        var out: [[Bytes]] = []
        var start = 0
        var end = 0
        while end < bytes.count {
            end = min(bytes.count, end + max(1, piece))
            parsing: while start < end {
                let from = bytes.baseAddress! + start
                switch parser.parse(from, available: end - start, limits: .authenticated) {
                case .complete(let length):
                    let arguments = parser.arguments(at: from)
                    out.append((0..<arguments.count).map { arguments.bytes($0) })
                    parser.next()
                    start += length
                case .blank(let length):
                    parser.next()
                    start += length
                case .incomplete: break parsing
                case .broken(let error): return out + [[Array("\(error)".utf8)]]
                }
            }
        }
        return out
    }

    private static func tokenize(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let choice = bytes.first else { return }
        let languages = Language.allCases
        let buffer = TokenBuffer()
        let text = UnsafeBufferPointer(rebasing: bytes.dropFirst())
        Tokenizer().append(text, to: buffer)
        guard let stemmer = Stemmer(languages[Int(choice) % languages.count]) else { return }
        for i in 0..<buffer.count { _ = stemmer.stem(buffer.text(of: buffer[i])) }
    }

    private static func readFrames(_ bytes: UnsafeBufferPointer<UInt8>) {
        let whole = frames(bytes, piece: bytes.count)
        let pieces = frames(bytes, piece: 1 + Int(bytes.first ?? 0) % 7)
        precondition(whole.frames == pieces.frames && whole.error == pieces.error, "pieces mean something else")
        var assembler = PartAssembler()
        for frame in whole.frames {
            var reader = FrameReader()
            precondition((try? reader.readAll(frame.encoded)) == [frame], "a frame is not read as it was written")
            _ = GossipText.parse(frame.payload)
            _ = HelloRequest(payload: frame.payload)
            _ = Hello.parse(reply: frame.payload)
            // A frame without envelope is refused, which is a fine end.
            if let message = try? assembler.accept(frame) { PeerBodies.read(message) }
        }
    }

    /// The frames of a stream that comes `piece` bytes at a time, and how it ended.
    private static func frames(
        _ bytes: UnsafeBufferPointer<UInt8>, piece: Int
    ) -> (frames: [Frame], error: FrameError?) {
        var reader = FrameReader()
        var found: [Frame] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + max(1, piece))
            var position = 0
            let chunk = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[start..<end]))
            do throws(FrameError) {
                while let frame = try reader.read(chunk, at: &position) { found.append(frame) }
            } catch {
                return (found, error)
            }
            start = end
        }
        return (found, nil)
    }
}
