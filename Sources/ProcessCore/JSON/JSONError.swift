/// Why a text is not JSON that this service takes, and where.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let reason: Reason

    /// The byte at which reading could not go on, counted from 0; the length of the text where more was expected.
    public let offset: Int

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - reason: What is wrong.
    ///   - offset: The byte at which reading could not go on, counted from 0.
    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// The error as a sentence for the sender of the text: "expected ':' after a name, found '1', at byte 4".
    public var message: String { "\(self.reason), at byte \(self.offset)" }

    /// The same as `message`.
    public var description: String { self.message }
}

extension JSONError {
    /// What can be wrong with a text.
    public enum Reason: Equatable, Sendable {
        /// The text is empty or blank.
        case emptyText
        /// A byte that cannot stand here.
        case unexpectedByte(UInt8, expected: Expectation)
        /// The text ends inside a string.
        case unterminatedString
        /// The text ends inside an array.
        case unterminatedArray
        /// The text ends inside an object.
        case unterminatedObject
        /// A backslash followed by a letter that means nothing.
        case invalidEscape
        /// `\u` followed by something else than four hexadecimal digits.
        case invalidUnicodeEscape
        /// A byte below 0x20 in a string, unescaped.
        case controlCharacter(UInt8)
        /// A number such as `01`.
        case leadingZero
        /// A number such as `-`, `1.` or `1e`.
        case missingDigits(after: NumberPart)
        /// Something that begins like `true`, `false` or `null` and goes on otherwise.
        case invalidLiteral
        /// A comma before the closing bracket.
        case trailingComma
        /// Something other than blanks after the value.
        case trailingText
        /// Bytes that are not UTF-8: overlong, truncated, a surrogate, beyond U+10FFFF, or a stray byte.
        case invalidUTF8
        /// The text begins with a byte order mark.
        case byteOrderMark
        /// Arrays and objects are nested deeper than `JSONValidator.maximumDepth`.
        case tooDeep
        /// A name stands twice in an object whose names must differ.
        case duplicateName(String)
        /// A name this service has to read contains half of a surrogate pair.
        case loneSurrogate
        /// The text is valid JSON, but not an object.
        case notAnObject(JSONKind)
    }

    /// What could have stood where something else was found.
    public enum Expectation: String, Equatable, Sendable {
        case value = "a value"
        case valueOrArrayEnd = "a value or ']'"
        case name = "a name in quotes"
        case nameOrObjectEnd = "a name in quotes or '}'"
        case colon = "':' after a name"
        case commaOrArrayEnd = "',' or ']' after a value"
        case commaOrObjectEnd = "',' or '}' after a value"
    }

    /// The part of a number after which digits must follow.
    public enum NumberPart: String, Equatable, Sendable {
        case minus = "the minus sign"
        case point = "the decimal point"
        case exponent = "the exponent sign"
    }
}

extension JSONError.Reason: CustomStringConvertible {
    /// The reason as part of a sentence.
    public var description: String {
        switch self {
        case .emptyText: "expected a value, found nothing"
        case .unexpectedByte(let byte, let expected): "expected \(expected.rawValue), found \(Self.shown(byte))"
        case .unterminatedString: "the text ends inside a string"
        case .unterminatedArray: "the text ends inside an array"
        case .unterminatedObject: "the text ends inside an object"
        case .invalidEscape: "unknown escape in a string"
        case .invalidUnicodeEscape: "expected four hexadecimal digits after \\u"
        case .controlCharacter(let byte): "unescaped control character \(Self.shown(byte)) in a string"
        case .leadingZero: "a number must not begin with 0 and another digit"
        case .missingDigits(let part): "expected a digit after \(part.rawValue) of a number"
        case .invalidLiteral: "expected true, false or null"
        case .trailingComma: "expected another element after ','"
        case .trailingText: "unexpected text after the value"
        case .invalidUTF8: "the text is not valid UTF-8"
        case .byteOrderMark: "the text must not begin with a byte order mark"
        case .tooDeep: "arrays and objects are nested deeper than \(JSONValidator.maximumDepth)"
        case .duplicateName(let name): "the name \"\(Self.shortened(name))\" stands twice"
        case .loneSurrogate: "a name contains half of a surrogate pair"
        case .notAnObject(let kind): "expected an object, found \(kind)"
        }
    }

    /// A printable ASCII character in quotes, any other byte as a number.
    private static func shown(_ byte: UInt8) -> String {
        if byte > 0x20 && byte < 0x7F { return "'\(Character(Unicode.Scalar(byte)))'" }
        return byte < 0x10 ? "0x0\(String(byte, radix: 16))" : "0x\(String(byte, radix: 16))"
    }

    /// A sender's name cut to a length that suits a message.
    private static func shortened(_ name: String) -> String {
        name.unicodeScalars.count <= 64 ? name : String(String.UnicodeScalarView(name.unicodeScalars.prefix(64))) + "…"
    }
}
