// What is sent to those who know the ring's nodes, and what their answers say. Asking is the shell's.

/// Why an answer names no nodes.
package enum SeedAnswerError: Error, Equatable, Sendable, CustomStringConvertible {
    case tooLong(Int)
    case notOK(String)
    /// It has no empty line, or is no text.
    case malformed
    case dns(DNSError)
    case entry(SeedError)

    package var description: String {
        switch self {
        case .tooLong(let count): "the answer has \(count) bytes, more than \(FloridaSeeds.answerLimit)"
        case .notOK(let line): "the answer is not 200 OK but '\(line)'"
        case .malformed: "the answer cannot be read"
        case .dns(let error): error.description
        case .entry(let error): error.description
        }
    }
}

/// Seeds over HTTP/1.0 from a server beside the node, as Netflix's Florida gives them.
package enum FloridaSeeds {
    package static let answerLimit = 64 << 10

    package static func request(host: String, path: String) -> [UInt8] {
        Array("GET \(path) HTTP/1.0\r\nHost: \(host)\r\nUser-Agent: HTMLGET 1.0\r\n\r\n".utf8)
    }

    /// The nodes of a whole answer: one line behind the headers, with bars between entries.
    package static func entries(
        in answer: [UInt8], reading: Token.Reading = .strict
    ) throws(SeedAnswerError) -> [SeedEntry] {
        guard answer.count <= answerLimit else { throw .tooLong(answer.count) }
        guard let text = String(validating: answer, as: UTF8.self) else { throw .malformed }
        // "\r\n" is one character.
        let status = text.prefix { $0 != "\r\n" && $0 != "\n" }
        guard status.hasPrefix("HTTP/"), status.hasSuffix(" 200 OK") else { throw .notOK(String(status.prefix(100))) }
        guard let gap = text.firstRange(of: "\r\n\r\n") else { throw .malformed }
        let body = text[gap.upperBound...].filter { $0 != "\r\n" && $0 != "\n" && $0 != "\r" }
        do throws(SeedError) { return try SeedEntry.list(body, reading: reading) } catch { throw .entry(error) }
    }
}

/// Seeds from the domain name system.
package enum DNSSeeds {
    /// The nodes of text records: each record is one entry, or several with bars between.
    package static func entries(
        inTextRecords answer: [UInt8], id: UInt16, reading: Token.Reading = .strict
    ) throws(SeedAnswerError) -> [SeedEntry] {
        var entries: [SeedEntry] = []
        for record in try records(answer, id) {
            guard case .text(let bytes) = record else { continue }
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed }
            do throws(SeedError) {
                entries += try SeedEntry.list(text, reading: reading)
            } catch {
                throw .entry(error)
            }
        }
        return entries
    }

    /// The nodes of address records, all at one place: `port:rack:dc:tokens`.
    package static func entries(
        inAddressRecords answer: [UInt8], id: UInt16, place: String, reading: Token.Reading = .strict
    ) throws(SeedAnswerError) -> [SeedEntry] {
        let hosts = try records(answer, id).compactMap { record in
            if case .address(let host) = record { host } else { nil }
        }
        do throws(SeedError) {
            return try SeedEntry.list(hosts: hosts, place: place, reading: reading)
        } catch {
            throw .entry(error)
        }
    }

    private static func records(_ answer: [UInt8], _ id: UInt16) throws(SeedAnswerError) -> [DNSMessage.Record] {
        do throws(DNSError) { return try DNSMessage.records(of: answer, id: id) } catch { throw .dns(error) }
    }
}
