/// One valid JSON value as the UTF-8 text it was sent as, without the blanks around it.
///
/// Payloads are never decoded and encoded again: numbers of any length, the order of names, escapes and blanks inside
/// survive byte for byte. Two texts are equal when their bytes are, so `1.0` differs from `1.00`.
public struct JSONText: Hashable, Sendable, CustomStringConvertible {
    /// The text as UTF-8.
    ///
    /// An array, not a `String`: equality is that of the bytes (a `String` would call two normal forms of é equal), no
    /// UTF-8 is checked twice, a record holds it in one word, and stores and sockets want bytes.
    public let bytes: [UInt8]

    /// Takes bytes that are known to be one valid JSON value without blanks around it, such as those read from our own
    /// store. Nothing is checked; what comes from elsewhere goes through `init(validating:)`.
    ///
    /// - Parameter bytes: The text as UTF-8.
    public init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Copies bytes that are known to be one valid JSON value without blanks around it.
    ///
    /// - Parameter bytes: The text as UTF-8.
    public init(uncheckedCopying bytes: UnsafeRawBufferPointer) {
        self.bytes = [UInt8](bytes)
    }

    /// Checks and copies a text.
    ///
    /// - Parameter bytes: The text as UTF-8, with or without blanks around it.
    /// - Throws: `JSONError` saying what is wrong, and where.
    public init(validating bytes: UnsafeRawBufferPointer) throws(JSONError) {
        let value = try JSONValidator.validate(bytes)
        self.bytes = [UInt8](UnsafeRawBufferPointer(rebasing: bytes[value]))
    }

    /// Checks a text, and keeps the array itself where there are no blanks around it.
    ///
    /// - Parameter bytes: The text as UTF-8, with or without blanks around it.
    /// - Throws: `JSONError` saying what is wrong, and where.
    public init(validating bytes: [UInt8]) throws(JSONError) {
        let value = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            try JSONValidator.validate(UnsafeRawBufferPointer(buffer))
        }
        self.bytes = value.count == bytes.count ? bytes : [UInt8](bytes[value])
    }

    /// Checks and copies a text.
    ///
    /// - Parameter bytes: The text as UTF-8, with or without blanks around it.
    /// - Throws: `JSONError` saying what is wrong, and where, counted from the first of `bytes`.
    public init(validating bytes: some Collection<UInt8>) throws(JSONError) {
        self = try JSONText(validating: [UInt8](bytes))
    }

    /// Checks and copies a text.
    ///
    /// - Parameter text: The text, with or without blanks around it.
    /// - Throws: `JSONError` saying what is wrong, and where, in bytes of UTF-8.
    public init(validating text: String) throws(JSONError) {
        self = try JSONText(validating: [UInt8](text.utf8))
    }

    /// `null`.
    public static let null = JSONText(unchecked: [UInt8]("null".utf8))

    /// `{}`.
    public static let emptyObject = JSONText(unchecked: [UInt8]("{}".utf8))

    /// The length of the text in bytes.
    public var count: Int { self.bytes.count }

    /// What sort of value it is.
    public var kind: JSONKind { JSONKind(firstByte: self.bytes.first ?? 0) }

    /// Whether it is `null`.
    public var isNull: Bool { self.kind == .null }

    /// The text.
    public var description: String { String(decoding: self.bytes, as: UTF8.self) }

    /// Gives access to the bytes without a copy; the pointer is valid only inside `body`.
    ///
    /// - Parameter body: What to do with the bytes.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    @inlinable
    public func withUnsafeBytes<Answer, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        try self.bytes.withUnsafeBufferPointer { buffer throws(Failure) in try body(UnsafeRawBufferPointer(buffer)) }
    }
}
