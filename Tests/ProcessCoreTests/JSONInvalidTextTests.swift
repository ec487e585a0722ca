import ProcessCore
import Testing

/// A text that is to be refused, why, and at which byte.
struct InvalidText: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let reason: JSONError.Reason
    let offset: Int

    init(_ text: String, _ reason: JSONError.Reason, at offset: Int) {
        self.init([UInt8](text.utf8), reason, at: offset)
    }

    init(_ bytes: [UInt8], _ reason: JSONError.Reason, at offset: Int) {
        self.bytes = bytes
        self.reason = reason
        self.offset = offset
    }

    /// A string in quotes with these bytes inside, and the error at the first of them.
    static func string(_ bytes: UInt8..., reason: JSONError.Reason = .invalidUTF8, at offset: Int = 1) -> InvalidText {
        InvalidText([0x22] + bytes + [0x22], reason, at: offset)
    }

    private static func found(_ character: Unicode.Scalar, _ expected: JSONError.Expectation) -> JSONError.Reason {
        .unexpectedByte(UInt8(ascii: character), expected: expected)
    }

    var testDescription: String { String(decoding: self.bytes.prefix(40), as: UTF8.self).debugDescription }

    static let all: [InvalidText] = Self.ends + Self.places + Self.numbers + Self.strings + Self.encodings

    private static let ends: [InvalidText] = [
        InvalidText("", .emptyText, at: 0),
        InvalidText(" \t\r\n", .emptyText, at: 4),
        InvalidText("\"", .unterminatedString, at: 1),
        InvalidText("\"half", .unterminatedString, at: 5),
        InvalidText("\"longer than eight bytes", .unterminatedString, at: 24),
        InvalidText(#""ends in an escape\"#, .unterminatedString, at: 19),
        InvalidText(#""\u00"#, .unterminatedString, at: 5),
        InvalidText("[", .unterminatedArray, at: 1),
        InvalidText("[ 1 ", .unterminatedArray, at: 4),
        InvalidText("[1,", .unterminatedArray, at: 3),
        InvalidText("[[1]", .unterminatedArray, at: 4),
        InvalidText("{", .unterminatedObject, at: 1),
        InvalidText("{\"a\"", .unterminatedObject, at: 4),
        InvalidText("{\"a\" : ", .unterminatedObject, at: 7),
        InvalidText("{\"a\":1", .unterminatedObject, at: 6),
        InvalidText("{\"a\":1, ", .unterminatedObject, at: 8),
        InvalidText("{\"a\":[1]", .unterminatedObject, at: 8),
        InvalidText("[{\"a\":1}", .unterminatedArray, at: 8),
        InvalidText("{\"a", .unterminatedString, at: 3),
    ]

    private static let places: [InvalidText] = [
        InvalidText("]", Self.found("]", .value), at: 0),
        InvalidText("}", Self.found("}", .value), at: 0),
        InvalidText(",", Self.found(",", .value), at: 0),
        InvalidText(":", Self.found(":", .value), at: 0),
        InvalidText("'single'", Self.found("'", .value), at: 0),
        InvalidText("// a comment\n1", Self.found("/", .value), at: 0),
        InvalidText("undefined", Self.found("u", .value), at: 0),
        InvalidText("NaN", Self.found("N", .value), at: 0),
        InvalidText("True", Self.found("T", .value), at: 0),
        InvalidText("\u{0B}1", Self.found("\u{0B}", .value), at: 0),
        InvalidText("\u{0C}1", Self.found("\u{0C}", .value), at: 0),
        InvalidText("\0", Self.found("\0", .value), at: 0),
        InvalidText("1\0", .trailingText, at: 1),
        InvalidText("[\0]", Self.found("\0", .valueOrArrayEnd), at: 1),
        InvalidText("[,1]", Self.found(",", .valueOrArrayEnd), at: 1),
        InvalidText("[1,,2]", Self.found(",", .value), at: 3),
        InvalidText("[1 2]", Self.found("2", .commaOrArrayEnd), at: 3),
        InvalidText("[1:2]", Self.found(":", .commaOrArrayEnd), at: 2),
        InvalidText("[1}", Self.found("}", .commaOrArrayEnd), at: 2),
        InvalidText("[}", Self.found("}", .valueOrArrayEnd), at: 1),
        InvalidText("[\"a\",\n  ]", .trailingComma, at: 8),
        InvalidText("[1,]", .trailingComma, at: 3),
        InvalidText("{]", Self.found("]", .nameOrObjectEnd), at: 1),
        InvalidText("{,}", Self.found(",", .nameOrObjectEnd), at: 1),
        InvalidText("{a:1}", Self.found("a", .nameOrObjectEnd), at: 1),
        InvalidText("{1:1}", Self.found("1", .nameOrObjectEnd), at: 1),
        InvalidText("{\"a\" 1}", Self.found("1", .colon), at: 5),
        InvalidText("{\"a\",1}", Self.found(",", .colon), at: 4),
        InvalidText("{\"a\"::1}", Self.found(":", .value), at: 5),
        InvalidText("{\"a\":}", Self.found("}", .value), at: 5),
        InvalidText("{\"a\":1]", Self.found("]", .commaOrObjectEnd), at: 6),
        InvalidText("{\"a\":1 \"b\":2}", Self.found("\"", .commaOrObjectEnd), at: 7),
        InvalidText("{\"a\":1,b:2}", Self.found("b", .name), at: 7),
        InvalidText("{\"a\":1,}", .trailingComma, at: 7),
        InvalidText("{\"a\":1,,\"b\":2}", Self.found(",", .name), at: 7),
        InvalidText("{\"a\":{\"b\":[1,2,}}", Self.found("}", .value), at: 15),
        InvalidText("nul", .invalidLiteral, at: 3),
        InvalidText("nulL", .invalidLiteral, at: 3),
        InvalidText("truth", .invalidLiteral, at: 3),
        InvalidText("[fals]", .invalidLiteral, at: 5),
        InvalidText("tru e", .invalidLiteral, at: 3),
        InvalidText("nullx", .trailingText, at: 4),
        InvalidText("1 2", .trailingText, at: 2),
        InvalidText("{}{}", .trailingText, at: 2),
        InvalidText("[]]", .trailingText, at: 2),
        InvalidText("\"a\"\"b\"", .trailingText, at: 3),
        InvalidText("null // why not", .trailingText, at: 5),
        InvalidText([0xEF, 0xBB, 0xBF] + [UInt8]("{}".utf8), .byteOrderMark, at: 0),
        InvalidText([0xFF, 0xFE, 0x7B, 0x00], .unexpectedByte(0xFF, expected: .value), at: 0),
        InvalidText("[\u{A0}1]", .unexpectedByte(0xC2, expected: .valueOrArrayEnd), at: 1),
    ]

    private static let numbers: [InvalidText] = [
        InvalidText("01", .leadingZero, at: 1),
        InvalidText("-00", .leadingZero, at: 2),
        InvalidText("[0, 012]", .leadingZero, at: 5),
        InvalidText("-", .missingDigits(after: .minus), at: 1),
        InvalidText("-x", .missingDigits(after: .minus), at: 1),
        InvalidText("--1", .missingDigits(after: .minus), at: 1),
        InvalidText("-Infinity", .missingDigits(after: .minus), at: 1),
        InvalidText("-.5", .missingDigits(after: .minus), at: 1),
        InvalidText("+1", Self.found("+", .value), at: 0),
        InvalidText(".5", Self.found(".", .value), at: 0),
        InvalidText("1.", .missingDigits(after: .point), at: 2),
        InvalidText("[1.]", .missingDigits(after: .point), at: 3),
        InvalidText("1.e5", .missingDigits(after: .point), at: 2),
        InvalidText("1e", .missingDigits(after: .exponent), at: 2),
        InvalidText("1E+", .missingDigits(after: .exponent), at: 3),
        InvalidText("1e-x", .missingDigits(after: .exponent), at: 3),
        InvalidText("1e5.5", .trailingText, at: 3),
        InvalidText("1.2.3", .trailingText, at: 3),
        InvalidText("0x10", .trailingText, at: 1),
        InvalidText("1_000", .trailingText, at: 1),
        InvalidText("[1-2]", Self.found("-", .commaOrArrayEnd), at: 2),
        InvalidText("１", .unexpectedByte(0xEF, expected: .value), at: 0),
    ]

    private static let strings: [InvalidText] = [
        InvalidText(#""\x41""#, .invalidEscape, at: 2),
        InvalidText(#""\'""#, .invalidEscape, at: 2),
        InvalidText(#""seven b\U0041""#, .invalidEscape, at: 9),
        InvalidText(#""\0""#, .invalidEscape, at: 2),
        InvalidText("\"\\\n\"", .invalidEscape, at: 2),
        InvalidText(#""\u12G4""#, .invalidUnicodeEscape, at: 5),
        InvalidText(#""\u+123""#, .invalidUnicodeEscape, at: 3),
        InvalidText(#""\u{41}""#, .invalidUnicodeEscape, at: 3),
        InvalidText(#""\u123""#, .invalidUnicodeEscape, at: 6),
        InvalidText(#""\ud83d\u00""#, .invalidUnicodeEscape, at: 11),
        .string(0x00, reason: .controlCharacter(0x00)),
        .string(0x09, reason: .controlCharacter(0x09)),
        .string(0x1F, reason: .controlCharacter(0x1F)),
        InvalidText("\"two\nlines\"", .controlCharacter(0x0A), at: 4),
        InvalidText("\"carriage\rreturn\"", .controlCharacter(0x0D), at: 9),
        InvalidText("{\"na\tme\":1}", .controlCharacter(0x09), at: 4),
    ]

    private static let encodings: [InvalidText] = [
        .string(0x80),
        .string(0xBF),
        .string(0x61, 0x80, at: 2),
        .string(0xC0, 0x80),
        .string(0xC1, 0xBF),
        .string(0xC3),
        .string(0xC3, 0x28),
        .string(0xE0, 0x9F, 0xBF),
        .string(0xE2, 0x82),
        .string(0xE2, 0x28, 0xA1),
        .string(0xED, 0xA0, 0x80),
        .string(0xED, 0xBF, 0xBF),
        .string(0xF0, 0x8F, 0xBF, 0xBF),
        .string(0xF0, 0x9F, 0x98),
        .string(0xF0, 0x9F, 0x28, 0x80),
        .string(0xF4, 0x90, 0x80, 0x80),
        .string(0xF5, 0x80, 0x80, 0x80),
        .string(0xF8, 0x88, 0x80, 0x80, 0x80),
        .string(0xFE),
        .string(0xFF),
        .string(0xE2, 0x82, 0xAC, 0xE2, 0x82, at: 4),
        .string(0xC3, 0xA9, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0xA9, at: 10),
        InvalidText([0x22, 0xF0, 0x9F], .invalidUTF8, at: 1),
        InvalidText([0x22, 0xC3], .invalidUTF8, at: 1),
    ]
}

@Suite("Invalid JSON")
struct JSONInvalidTextTests {
    @Test("is refused with its reason at its byte", arguments: InvalidText.all)
    func refusal(invalid: InvalidText) {
        #expect(throws: JSONError(invalid.reason, at: invalid.offset)) { try JSONText(validating: invalid.bytes) }
    }

    @Test("is refused with the same reason as the value of a member", arguments: InvalidText.all)
    func refusalInside(invalid: InvalidText) throws {
        let prefix = [UInt8](#"{"name": "#.utf8)
        let body = prefix + invalid.bytes
        let error = try #require(throws: JSONError.self) { try JSONObject(parsing: body) }
        switch invalid.reason {
        case .emptyText, .trailingText, .byteOrderMark: break  // another mistake, seen from outside
        default: #expect(error == JSONError(invalid.reason, at: prefix.count + invalid.offset))
        }
    }

    @Test("nested 512 deep is taken, 513 deep is refused at the bracket that is one too many")
    func depth() throws {
        func nested(_ depth: Int, in opening: String, _ closing: String) -> String {
            String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)
        }
        for (opening, closing) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let levels = opening.utf8.count(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") })
            _ = try JSONText(validating: nested(512 / levels, in: opening, closing))
            let offset = 512 / levels * opening.utf8.count
            #expect(throws: JSONError(.tooDeep, at: offset)) {
                try JSONText(validating: nested(512 / levels + 1, in: opening, closing))
            }
        }
        #expect(throws: Never.self) { try JSONObject(parsing: [UInt8](nested(512, in: "{\"a\":", "}").utf8)) }
        #expect(throws: JSONError(.tooDeep, at: 5 * 512)) {
            try JSONObject(parsing: [UInt8](nested(513, in: "{\"a\":", "}").utf8))
        }
    }

    @Test("that opens a million brackets does not exhaust the stack")
    func manyBrackets() {
        let text = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(throws: JSONError(.tooDeep, at: 512)) { try JSONText(validating: text) }
    }

    @Test("is explained to people")
    func messages() {
        let messages = [
            JSONError(.unexpectedByte(UInt8(ascii: "1"), expected: .colon), at: 17).message:
                "expected ':' after a name, found '1', at byte 17",
            JSONError(.unexpectedByte(0x0A, expected: .value), at: 2).message:
                "expected a value, found 0x0a, at byte 2",
            JSONError(.duplicateName(String(repeating: "x", count: 100)), at: 9).message:
                "the name \"\(String(repeating: "x", count: 64))…\" stands twice, at byte 9",
            JSONError(.notAnObject(.array), at: 0).message: "expected an object, found an array, at byte 0",
            JSONError(.tooDeep, at: 512).message: "arrays and objects are nested deeper than 512, at byte 512",
        ]
        for (message, expected) in messages { #expect(message == expected) }
    }
}
