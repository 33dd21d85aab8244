import RESP
import Testing

@Suite struct ReplyWalkTests {
    private func replies(_ text: String) -> [String] {
        var bytes = Array(text.utf8)
        return bytes.withUnsafeMutableBufferPointer { raw in
            var walk = ReplyWalk(ByteSlice(raw))
            var found: [String] = []
            while let reply = walk.next() { found.append(String(decoding: reply, as: UTF8.self)) }
            return found
        }
    }

    @Test func `replies of all kinds are passed whole`() {
        let all = [
            "+OK\r\n", "-ERR x\r\n", ":12\r\n", "$3\r\n-a\n\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n",
            "*2\r\n*1\r\n:1\r\n%1\r\n+a\r\n_\r\n", "~1\r\n#t\r\n", ",1.5\r\n", "=5\r\ntxt:-\r\n", "%0\r\n",
        ]
        #expect(replies(all.joined()) == all)
    }

    @Test(arguments: ["", "+OK", "$5\r\nab\r\n", "*3\r\n:1\r\n", "$999999999999999999999\r\nx\r\n", "*99999999999\r\n"])
    func `what is cut short ends the walk`(text: String) {
        #expect(replies(text) == [])
    }

    @Test func `errors are suspected, never overlooked`() {
        let check = { (text: String) in Array(text.utf8).withUnsafeBufferPointer { ReplyWalk.mayHoldErrors($0) } }
        #expect(check("-ERR\r\n") && check("+OK\r\n-ERR\r\n") && !check("+OK\r\n:-1\r\n") && !check(""))
    }
}

@Suite struct ReplyWriterTests {
    private func written(_ version: RESPVersion = .resp2, _ body: (ReplyWriter) -> Void) -> String {
        let writer = ReplyWriter(version: version, capacity: 1)
        body(writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `both protocols have their own shapes`() {
        let all: (ReplyWriter) -> Void = {
            $0.map(1)
            $0.bulk("a")
            $0.null()
            $0.set(1)
            $0.boolean(true)
            $0.double(1.5)
            $0.nullArray()
            $0.verbatim("hi")
        }
        #expect(written(.resp2, all) == "*2\r\n$1\r\na\r\n$-1\r\n*1\r\n:1\r\n$3\r\n1.5\r\n*-1\r\n$2\r\nhi\r\n")
        #expect(written(.resp3, all) == "%1\r\n$1\r\na\r\n_\r\n~1\r\n#t\r\n,1.5\r\n_\r\n=6\r\ntxt:hi\r\n")
    }

    @Test func `line breaks cannot leave a line`() {
        #expect(written { $0.error("a\r\nb") } == "-a  b\r\n")
    }

    @Test(arguments: [
        (0.0, "0"), (-0.5, "-0.5"), (1e20, "1e+20"), (100.0, "100"), (0.1, "0.1"), (1.0 / 3, "0.3333333333333333"),
        (Double.infinity, "inf"), (-Double.infinity, "-inf"), (Double.nan, "nan"), (2_147_483_648.0, "2147483648"),
    ])
    func `doubles are the shortest text that reads back`(value: Double, text: String) {
        #expect(written { $0.double(value) } == "$\(text.utf8.count)\r\n\(text)\r\n")
    }

    @Test(arguments: [0, 9, 10, -1, 12345, Int.max, Int.min])
    func `integers are written whole`(value: Int) {
        #expect(written { $0.integer(value) } == ":\(value)\r\n")
    }
}
