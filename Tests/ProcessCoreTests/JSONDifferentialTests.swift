import ProcessCore
import Testing

/// JSON by RFC 8259, written a second time the slow and obvious way: over scalars, with recursion.
private struct ReferenceParser {
    private var rest: ArraySlice<Unicode.Scalar>

    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        var parser = ReferenceParser(rest: ArraySlice(text.unicodeScalars))
        parser.blanks()
        guard parser.value(depth: 0) else { return false }
        parser.blanks()
        return parser.rest.isEmpty
    }

    private mutating func blanks() { self.rest = self.rest.drop { " \t\r\n".unicodeScalars.contains($0) } }

    private mutating func take(_ literal: String) -> Bool {
        guard self.rest.starts(with: literal.unicodeScalars) else { return false }
        self.rest = self.rest.dropFirst(literal.unicodeScalars.count)
        return true
    }

    private mutating func value(depth: Int) -> Bool {
        switch self.rest.first {
        case "\"": return self.string()
        case "[": return depth < 512 && self.list("[", "]") { $0.value(depth: depth + 1) }
        case "{":
            return depth < 512
                && self.list("{", "}") { parser in
                    guard parser.string() else { return false }
                    parser.blanks()
                    guard parser.take(":") else { return false }
                    parser.blanks()
                    return parser.value(depth: depth + 1)
                }
        case "t": return self.take("true")
        case "f": return self.take("false")
        case "n": return self.take("null")
        default: return self.number()
        }
    }

    private mutating func list(_ open: String, _ close: String, item: (inout Self) -> Bool) -> Bool {
        guard self.take(open) else { return false }
        self.blanks()
        if self.take(close) { return true }
        while true {
            guard item(&self) else { return false }
            self.blanks()
            if self.take(close) { return true }
            guard self.take(",") else { return false }
            self.blanks()
        }
    }

    private mutating func string() -> Bool {
        guard self.take("\"") else { return false }
        while let scalar = self.rest.popFirst() {
            if scalar == "\"" { return true }
            if scalar.value < 0x20 { return false }
            guard scalar == "\\" else { continue }
            guard let letter = self.rest.popFirst() else { return false }
            if letter == "u" {
                let digits = self.rest.prefix(4)
                guard digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.properties.isASCIIHexDigit }) else {
                    return false
                }
                self.rest = self.rest.dropFirst(4)
            } else if !"\"\\/bfnrt".unicodeScalars.contains(letter) {
                return false
            }
        }
        return false
    }

    private mutating func number() -> Bool {
        _ = self.take("-")
        if !self.take("0") && !self.digits() { return false }
        if self.take("."), !self.digits() { return false }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            return self.digits()
        }
        return true
    }

    private mutating func digits() -> Bool {
        let count = self.rest.prefix { "0123456789".unicodeScalars.contains($0) }.count
        self.rest = self.rest.dropFirst(count)
        return count > 0
    }
}

/// The same numbers on every run (SplitMix64).
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("JSON judged twice", .timeLimit(.minutes(3)))
struct JSONDifferentialTests {
    /// Pieces that matter to the grammar more often than random bytes do.
    private static let pieces: [[UInt8]] =
        [
            "\"", "\\", "\\u", "d800", "{", "}", "[", "]", ":", ",", "0", "-", ".", "e", "+", "1", "true", "null", " ",
            "\n",
        ]
        .map { [UInt8]($0.utf8) }
        + [
            [0x00], [0x1F], [0x7F], [0x80], [0xC3, 0xA9], [0xC0], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98, 0x80], [0xFF],
        ]

    private static func mutated(_ text: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var text = text
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let place = Int.random(in: 0...text.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: text.insert(contentsOf: Self.pieces.randomElement(using: &generator) ?? [], at: place)
            case 1 where place < text.count: text.remove(at: place)
            case 2 where place < text.count: text[place] = UInt8.random(in: 0...255, using: &generator)
            case 3 where place < text.count:
                let end = Int.random(in: place...min(text.count, place + 6), using: &generator)
                let target = Int.random(in: 0...text.count, using: &generator)
                text.insert(contentsOf: text[place..<end], at: target)
            default: text = Array(text.prefix(place))
            }
        }
        return text
    }

    @Test("mutated documents are taken or refused as a second parser does", arguments: 0..<8 as Range<UInt64>)
    func mutations(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let documents = JSONValidTextTests.texts.map { [UInt8]($0.utf8) }
        var accepted = 0
        var refused = 0
        for _ in 0..<4000 {
            let document = documents.randomElement(using: &generator) ?? []
            let text = Self.mutated(document, using: &generator)
            let expected = ReferenceParser.accepts(text)
            let actual = (try? JSONText(validating: text)) != nil
            #expect(actual == expected, "\(text)")
            let inside = [UInt8](#"{"a":"#.utf8) + text + [UInt8]("}".utf8)
            let isObject = (try? JSONObject(parsing: inside)) != nil
            // A mutation may close the object and add members to it; a name twice is not the reference's business.
            if expected { #expect(isObject, "\(inside)") }
            if isObject { #expect(ReferenceParser.accepts(inside), "\(inside)") }
            if expected { accepted += 1 } else { refused += 1 }
        }
        #expect(accepted > 200 && refused > 200, "\(accepted) taken, \(refused) refused")
    }

    @Test("the reference agrees with the tables")
    func tables() {
        for text in JSONValidTextTests.texts { #expect(ReferenceParser.accepts([UInt8](text.utf8)), "\(text)") }
        for invalid in InvalidText.all {
            #expect(!ReferenceParser.accepts(invalid.bytes), "\(invalid.testDescription)")
        }
    }

    @Test("random pieces put together are taken or refused as a second parser does", arguments: 0..<4 as Range<UInt64>)
    func soup(seed: UInt64) {
        var generator = SeededGenerator(seed: seed &+ 1000)
        for _ in 0..<8000 {
            let count = Int.random(in: 1...8, using: &generator)
            let text = (0..<count).flatMap { _ in Self.pieces.randomElement(using: &generator) ?? [] }
            #expect(((try? JSONText(validating: text)) != nil) == ReferenceParser.accepts(text), "\(text)")
        }
    }
}
