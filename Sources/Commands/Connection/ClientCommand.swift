import RESP
package enum ClientCommand {
    /// Printable ASCII without blanks: what a client name may hold.
    package static func isPrintable(_ text: ByteSlice) -> Bool { text.allSatisfy { $0 >= 33 && $0 <= 126 } }
}
