import SearchModel
import Testing

@testable import SearchEngine

@Suite struct ValueTextTests {
    private func number(_ text: String) -> Double? {
        Array(text.utf8).withUnsafeBufferPointer { NumberText.double($0) }
    }

    @Test(arguments: [
        ("5", 5), ("-5", -5), ("0.1", 0.1), ("19.99", 19.99), ("-0.25", -0.25), ("1e5", 1e5), ("0x10", 16), ("+5", 5),
        ("5.", 5), (".5", 0.5), ("inf", .infinity), ("-INFINITY", -.infinity), ("123456789012345", 123_456_789_012_345),
        ("0.000001", 0.000001), ("9007199254740993", 9_007_199_254_740_992),
        ("1.7976931348623157e308", .greatestFiniteMagnitude),
    ])
    func `numbers of documents are what strtod makes of them`(text: String, value: Double) {
        #expect(number(text) == value)
    }

    @Test(arguments: [
        "", " 5", "5 ", "1,000", "nan", "-nan", "1e400", "1e-400", "--5", "1e", "infi", ".", "-", "5\0", "0b1",
    ])
    func `other texts are no numbers`(text: String) {
        #expect(number(text) == nil)
    }

    @Test(arguments: [
        (3.5, "3.5"), (1e10, "10000000000"), (1e17, "100000000000000000"), (1e20, "1e+20"), (1.0 / 3, "0.333333333333"),
        (-0.0, "0"), (1e-5, "1e-05"), (123_456.7891234567, "123456.789123"), (.infinity, "inf"), (-2.5, "-2.5"),
    ])
    func `rows show numbers with twelve digits, whole ones as integers`(value: Double, text: String) {
        #expect(NumberText.row(value) == text)
    }

    private func point(_ text: String) -> Result<GeoText.Point, GeoText.Fault> {
        Array(text.utf8).withUnsafeBufferPointer { GeoText.parse($0) }
    }

    @Test(arguments: ["1.5,2.5", "1.5, 2.5", "1.5 2.5", "1.5  2.5"])
    func `a point is longitude and latitude`(text: String) {
        #expect(point(text) == .success(GeoText.Point(longitude: 1.5, latitude: 2.5)))
    }

    @Test(arguments: ["", "1.5", " 1.5,2.5", "1.5;2.5", "1.5,2.5,3", "1.5,2.5 ", "1 ,2", "abc,2", "1,2abc"])
    func `other texts are no points`(text: String) {
        #expect(point(text) == .failure(.syntax))
    }

    @Test func `a point has to be on the map`() {
        #expect(point("181,2") == .failure(.coordinates(longitude: 181, latitude: 2)))
        #expect(point("2,86") == .failure(.coordinates(longitude: 2, latitude: 86)))
        #expect(point("180,85.05112878") == .success(GeoText.Point(longitude: 180, latitude: 85.05112878)))
        guard case .failure(.coordinates) = point("nan,1") else {
            Issue.record("nan is nowhere")
            return
        }
    }

    @Test func `stamps rise although the clock stands or goes back`() {
        var clock = ArrivalClock()

        let stamps = [5, 5, 4, 6].map { clock.next(milliseconds: $0) }

        #expect(stamps == [5 << 16, 5 << 16 + 1, 5 << 16 + 2, 6 << 16])
    }
}
