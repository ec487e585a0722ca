/// Reads the replies to one batch of commands, one part after the other.
///
/// Valid only while the batch is being handled: whoever reads takes copies of what is to be kept.
struct RedisReply {
    private let memory: UnsafeMutablePointer<RedisReplyParts>
    private var index = 0

    init(_ parts: UnsafeMutablePointer<RedisReplyParts>) {
        self.memory = parts
    }

    private var parts: RedisReplyParts {
        _read { yield self.memory.pointee }
    }

    /// What has no place in a reply that is read by its expected shape.
    enum Surprise: Error {
        /// Redis answered with an error; this is its text.
        case error(String)
        /// It answered something else than was expected; the text says what was expected.
        case unexpected(String)
    }

    /// Whether there are no more parts.
    var isAtEnd: Bool { self.index == self.parts.parts.count }

    private var next: RedisReplyParts.Part? {
        self.index < self.parts.parts.count ? self.parts.parts[self.index] : nil
    }

    /// The text of the next part where that is an error; it is not passed over.
    var error: String? {
        guard case .error(let offset, let count) = self.next else { return nil }
        return self.text(offset, count)
    }

    /// Whether the next part is an error that begins with a word; it is not passed over.
    func isError(_ word: StaticString) -> Bool {
        guard case .error(let offset, let count) = self.next, count >= word.utf8CodeUnitCount else { return false }
        return self.parts.bytes[offset..<(offset + word.utf8CodeUnitCount)].elementsEqual(
            UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    /// Passes over one reply, with all the elements of an array.
    mutating func skip() {
        var left = 1
        while left > 0, let part = self.next {
            self.index += 1
            left -= 1
            if case .array(let count) = part { left += count }
        }
    }

    /// Passes over one reply that may be anything but an error.
    mutating func skipSuccess() throws(Surprise) {
        if let error { throw .error(error) }
        self.skip()
    }

    /// Reads the beginning of an array; its elements are to be read next.
    ///
    /// - Returns: How many there are.
    mutating func array() throws(Surprise) -> Int {
        guard case .array(let count) = self.next else { throw self.surprise("an array") }
        self.index += 1
        return count
    }

    /// Reads the beginning of an array, or the null in its place.
    mutating func optionalArray() throws(Surprise) -> Int? {
        if case .null = self.next {
            self.index += 1
            return nil
        }
        return try self.array()
    }

    /// Reads an integer.
    mutating func integer() throws(Surprise) -> Int64 {
        guard case .integer(let number) = self.next else { throw self.surprise("an integer") }
        self.index += 1
        return number
    }

    /// Reads a string that holds an integer, as a score or a field does.
    mutating func decimal() throws(Surprise) -> Int64 {
        guard let number = try self.optionalDecimal() else { throw .unexpected("a number") }
        return number
    }

    /// Reads a string that holds an integer, or the null in its place.
    mutating func optionalDecimal() throws(Surprise) -> Int64? {
        let number = try self.optionalBytes { bytes in Int64(decimal: bytes) }
        guard let number else { return nil }
        guard let number else { throw .unexpected("a decimal number") }
        return number
    }

    /// Reads a string.
    mutating func string() throws(Surprise) -> String {
        guard let string = try self.optionalString() else { throw .unexpected("a string") }
        return string
    }

    /// Reads a string, or the null in its place.
    mutating func optionalString() throws(Surprise) -> String? {
        try self.optionalBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// Reads a string without a copy; the pointer is valid only inside `body`.
    ///
    /// - Returns: What `body` returns, or `nil` where there is a null in the string's place.
    mutating func optionalBytes<Answer>(_ body: (UnsafeRawBufferPointer) -> Answer) throws(Surprise) -> Answer? {
        switch self.next {
        case .bytes(let offset, let count), .status(let offset, let count):
            self.index += 1
            return self.parts.bytes.withUnsafeBytes {
                body(UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + count)]))
            }
        case .null:
            self.index += 1
            return nil
        case .error, .integer, .array, nil: throw self.surprise("a string")
        }
    }

    private func surprise(_ expected: String) -> Surprise {
        if let error { return .error(error) }
        return .unexpected(expected)
    }

    private func text(_ offset: Int, _ count: Int) -> String {
        String(decoding: self.parts.bytes[offset..<(offset + count)], as: UTF8.self)
    }
}

extension Int64 {
    /// Reads a decimal number as Redis writes one: digits, a sign in front where it is negative, and nothing else.
    init?(decimal bytes: UnsafeRawBufferPointer) {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        guard bytes.count > start, bytes.count - start <= 19 else { return nil }
        var number: Int64 = 0
        for index in start..<bytes.count {
            let digit = Int64(bytes[index]) - Int64(UInt8(ascii: "0"))
            guard 0...9 ~= digit else { return nil }
            let (product, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.subtractingReportingOverflow(digit)
            guard !overflows, !overflowsToo else { return nil }
            number = sum
        }
        // Counted below zero, where there is room for the smallest number too.
        if !isNegative {
            guard number != .min else { return nil }
            number = -number
        }
        self = number
    }
}
