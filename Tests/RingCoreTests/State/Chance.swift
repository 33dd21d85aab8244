// What the tests of this folder draw from chance.

extension Chance {
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}

extension String {
    var octets: [UInt8] { Array(utf8) }
}
