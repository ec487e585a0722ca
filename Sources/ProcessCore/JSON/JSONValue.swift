/// A value inside a text that has been checked, to be decoded when its meaning is known.
///
/// It shares the memory of the text it stands in. The methods that decode throw `JSONFieldError` with its `path`; null
/// is decoded by none of them but `text()`.
public struct JSONValue: Sendable {
    /// What sort of value it is.
    public let kind: JSONKind

    let source: [UInt8]
    let range: Range<Int>
    private let container: String
    private let position: Position

    /// Where the value stands in the object or array that contains it.
    enum Position: Sendable {
        case name(String)
        case index(Int)
    }

    init(kind: JSONKind, source: [UInt8], range: Range<Int>, container: String, position: Position) {
        self.kind = kind
        self.source = source
        self.range = range
        self.container = container
        self.position = position
    }

    /// Checks a body that need not be an object; its own path is empty.
    ///
    /// - Parameter body: The text as UTF-8.
    /// - Throws: `JSONError` where it is no valid JSON.
    public init(parsing body: [UInt8]) throws(JSONError) {
        let range = try body.withUnsafeBufferPointer { buffer throws(JSONError) in
            try JSONValidator.validate(UnsafeRawBufferPointer(buffer))
        }
        self.init(
            kind: JSONKind(firstByte: body[range.lowerBound]), source: body, range: range, container: "",
            position: .name(""))
    }

    /// Where the value stands, from the top of the body: `error.code`, `queues[1]`.
    public var path: String {
        switch self.position {
        case .name(let name): self.container.isEmpty ? name : "\(self.container).\(name)"
        case .index(let index): "\(self.container)[\(index)]"
        }
    }

    /// Whether it is `null`.
    public var isNull: Bool { self.kind == .null }

    /// The length of its text in bytes.
    public var count: Int { self.range.count }

    /// An error that blames this value.
    ///
    /// - Parameter reason: What is wrong, to be read after the name of the field: "must not be empty".
    /// - Returns: An error with the code `invalid`.
    public func error(_ reason: String) -> JSONFieldError { JSONFieldError(field: self.path, reason: reason) }

    /// The value as it was sent, null included.
    ///
    /// - Returns: A copy of its text.
    public func text() -> JSONText { self.withBytes { JSONText(uncheckedCopying: $0) } }

    /// A string.
    ///
    /// - Returns: The string without quotes and escapes.
    /// - Throws: `JSONFieldError` where it is no string, or contains half of a surrogate pair.
    public func string() throws(JSONFieldError) -> String {
        guard self.kind == .string else { throw self.error("must be a string") }
        guard let string = self.withBytes(JSONString.decode) else {
            throw self.error("must not contain half of a surrogate pair")
        }
        return string
    }

    /// A whole number, however it is written: `100`, `1e2` and `100.0` are the same.
    ///
    /// - Parameter range: What is allowed.
    /// - Returns: The number, exactly.
    /// - Throws: `JSONFieldError` where it is no number, not whole, or out of range.
    public func integer(in range: ClosedRange<Int64> = .min ... .max) throws(JSONFieldError) -> Int64 {
        guard self.kind == .number, let number = self.withBytes({ DecimalNumber($0) }), number.isWhole else {
            throw self.error("must be a whole number")
        }
        let integer = Int64(exactly: number)
        guard let integer, range.contains(integer) else {
            let isBelow = integer.map { $0 < range.lowerBound } ?? number.isNegative
            switch (range.lowerBound > .min, range.upperBound < .max) {
            case (true, true): throw self.error("must be between \(range.lowerBound) and \(range.upperBound)")
            case (true, false) where isBelow: throw self.error("must be \(range.lowerBound) or more")
            case (false, true) where !isBelow: throw self.error("must be \(range.upperBound) or less")
            case (true, false), (false, true), (false, false): throw self.error("is out of range")
            }
        }
        return integer
    }

    /// A number.
    ///
    /// - Parameter range: What is allowed.
    /// - Returns: The nearest `Double`, always finite.
    /// - Throws: `JSONFieldError` where it is no number or out of range.
    public func double(
        in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude ... .greatestFiniteMagnitude
    ) throws(JSONFieldError) -> Double {
        guard self.kind == .number, let number = Double(self.withBytes { String(decoding: $0, as: UTF8.self) }) else {
            throw self.error("must be a number")
        }
        guard range.contains(number) else {
            let isBounded = range.upperBound < .greatestFiniteMagnitude
            throw self.error(
                isBounded
                    ? "must be between \(Self.shown(range.lowerBound)) and \(Self.shown(range.upperBound))"
                    : "is out of range")
        }
        return number
    }

    /// `true` or `false`.
    ///
    /// - Returns: Which of them.
    /// - Throws: `JSONFieldError` where it is neither.
    public func bool() throws(JSONFieldError) -> Bool {
        guard self.kind == .bool else { throw self.error("must be true or false") }
        return self.source[self.range.lowerBound] == UInt8(ascii: "t")
    }

    /// A length of time: a number of seconds, or a string such as `250ms`, `30s`, `5m`, `24h`, `7d`.
    ///
    /// - Parameter zeroAllowed: Whether no time at all is allowed.
    /// - Returns: The duration, a whole number of milliseconds.
    /// - Throws: `JSONFieldError` where it is none, negative, zero and that is not allowed, or longer than 100 years.
    public func duration(zeroAllowed: Bool = false) throws(JSONFieldError) -> Duration {
        let result: Result<Duration, DurationError>
        switch self.kind {
        case .number:
            result = self.withBytes { bytes in
                Result { () throws(DurationError) in try Duration(parsingSeconds: bytes, zeroAllowed: zeroAllowed) }
            }
        case .string:
            let text = try self.string()
            result = Result { () throws(DurationError) in try Duration(parsing: text, zeroAllowed: zeroAllowed) }
        case .null, .bool, .array, .object:
            result = .failure(.malformed)
        }
        switch result {
        case .success(let duration): return duration
        case .failure(let error): throw self.error(error.reason)
        }
    }

    /// A time by RFC 3339, with any offset.
    ///
    /// - Returns: The time in UTC, whole milliseconds.
    /// - Throws: `JSONFieldError` where it is none.
    public func timestamp() throws(JSONFieldError) -> Timestamp {
        guard self.kind == .string, let timestamp = Timestamp(rfc3339: try self.string()) else {
            throw self.error("must be a time such as 2026-11-08T10:00:00Z")
        }
        return timestamp
    }

    /// An object whose names must differ.
    ///
    /// - Parameter path: What goes in front of its members' names in errors, with a dot; its own path by default. An
    ///   empty one makes it report as if it were a body of its own.
    /// - Returns: The object, none of its members taken.
    /// - Throws: `JSONFieldError` where it is no object, or a name stands twice.
    public func object(reportedAs path: String? = nil) throws(JSONFieldError) -> JSONObject {
        guard self.kind == .object else { throw self.error("must be an object") }
        do {
            return try JSONObject(members: self.range, of: self.source, path: path ?? self.path)
        } catch {
            throw self.error("is not valid: \(error.reason)")
        }
    }

    /// The elements of an array.
    ///
    /// - Returns: One value for each element.
    /// - Throws: `JSONFieldError` where it is no array.
    public func elements() throws(JSONFieldError) -> [JSONValue] {
        guard self.kind == .array else { throw self.error("must be an array") }
        let path = self.path
        do {
            return try self.source.withUnsafeBufferPointer { buffer throws(JSONError) in
                try self.elements(in: UnsafeRawBufferPointer(buffer), path: path)
            }
        } catch {
            throw self.error("is not valid: \(error.reason)")
        }
    }

    private func elements(in buffer: UnsafeRawBufferPointer, path: String) throws(JSONError) -> [JSONValue] {
        guard let base = buffer.baseAddress else { return [] }
        var scanner = JSONScanner(base: base, from: self.range.lowerBound + 1, to: self.range.upperBound)
        var elements: [JSONValue] = []
        scanner.skipBlanks()
        if scanner.next == UInt8(ascii: "]") { return [] }
        repeat {
            let start = scanner.position
            try scanner.skipValue()
            elements.append(
                JSONValue(
                    kind: JSONKind(firstByte: scanner[start]), source: self.source, range: start..<scanner.position,
                    container: path, position: .index(elements.count)))
        } while try scanner.skipSeparatorInArray()
        return elements
    }

    private func withBytes<Answer>(_ body: (UnsafeRawBufferPointer) -> Answer) -> Answer {
        self.source.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[self.range])) }
    }

    /// A bound in a message: without `.0` where it is whole.
    private static func shown(_ bound: Double) -> String { Int64(exactly: bound).map { "\($0)" } ?? "\(bound)" }
}
