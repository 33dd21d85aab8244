import Settings
import SettingsYAML
import Testing

@Suite struct YAMLReaderTests {
    private func problem(_ text: String) -> ConfigurationProblem? {
        do throws(ConfigurationProblem) {
            _ = try YAMLReader.read(text)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a file is read with its lines`() throws {
        #expect(
            try YAMLReader.read("p:\n  a: 1\n  b:\n  - x\n  - 'y'\n")
                == .map(
                    [
                        .init(
                            key: "p", line: 1,
                            value: .map(
                                [
                                    .init(key: "a", line: 2, value: .scalar("1", line: 2)),
                                    .init(
                                        key: "b", line: 3,
                                        value: .list([.scalar("x", line: 4), .scalar("y", line: 5)], line: 4)),
                                ], line: 2))
                    ], line: 1))
        #expect(try YAMLReader.read("") == .map([], line: 1))
    }

    @Test func `what is no YAML is refused with a line`() {
        #expect(problem("a:\n\t- b")?.line == 2)
        #expect(problem("a: [")?.line ?? 0 > 0)
    }

    @Test func `a text that grows by references is refused`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for i in 1...9 { text += "a\(i): &a\(i) [\((0..<10).map { _ in "*a\(i - 1)" }.joined(separator: ", "))]\n" }
        #expect(problem(text)?.reason == "the file is too large or too deep")
        #expect(problem(String(repeating: "[", count: 40) + String(repeating: "]", count: 40)) != nil)
    }
}
