/// Walks over JSON text from front to back, once, and judges it strictly by RFC 8259.
///
/// It never calls itself, so that no input can exhaust the stack, and it allocates nothing unless it throws. The
/// memory must outlive the scanner; every user keeps both inside one `withUnsafeBytes`.
struct JSONScanner {
    let base: UnsafeRawPointer
    let end: Int
    var position: Int

    /// Makes a scanner for the bytes from `position` up to `end`; offsets in errors count from `base`.
    init(base: UnsafeRawPointer, from position: Int = 0, to end: Int) {
        self.base = base
        self.end = end
        self.position = position
    }

    /// The byte to be read next; 0 at the end, which no rule outside of strings accepts either.
    @inline(__always)
    var next: UInt8 { self.position < self.end ? self[self.position] : 0 }

    @inline(__always)
    subscript(_ offset: Int) -> UInt8 { self.base.load(fromByteOffset: offset, as: UInt8.self) }

    /// Passes over space, tab, line feed and carriage return.
    @inline(__always)
    mutating func skipBlanks() {
        while self.position < self.end {
            let byte = self[self.position]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            self.position &+= 1
        }
    }

    /// Refuses a byte order mark: RFC 8259 forbids sending one, and kept it would be part of a payload.
    func refuseByteOrderMark() throws(JSONError) {
        if self.end >= 3, self[0] == 0xEF, self[1] == 0xBB, self[2] == 0xBF { throw JSONError(.byteOrderMark, at: 0) }
    }

    /// Passes over blanks, and refuses anything after them.
    mutating func expectEnd() throws(JSONError) {
        self.skipBlanks()
        if self.position < self.end { throw JSONError(.trailingText, at: self.position) }
    }

    /// The error for the byte at the current position, or for the end of the text inside what `unfinished` says.
    @inline(never)
    func unexpected(_ expected: JSONError.Expectation, unfinished: JSONError.Reason) -> JSONError {
        self.position < self.end
            ? JSONError(.unexpectedByte(self[self.position], expected: expected), at: self.position)
            : JSONError(unfinished, at: self.end)
    }

    /// Passes over one value, which begins at the current position.
    ///
    /// - Parameter outerDepth: How many arrays and objects the value is already inside of, the innermost of them
    ///   an object.
    /// - Throws: `JSONError` saying what is wrong, and where.
    mutating func skipValue(outerDepth: Int = 0) throws(JSONError) {
        var open = OpenContainers(outerDepth: outerDepth)
        var expected = JSONError.Expectation.value
        reading: while true {
            switch self.next {
            case UInt8(ascii: "\""):
                self.position &+= 1
                _ = try self.skipString()
            case UInt8(ascii: "{"):
                guard open.push(.object) else { throw JSONError(.tooDeep, at: self.position) }
                self.position &+= 1
                self.skipBlanks()
                if self.next == UInt8(ascii: "}") {
                    self.position &+= 1
                    open.pop()
                } else {
                    try self.skipName(.nameOrObjectEnd)
                    expected = .value
                    continue reading
                }
            case UInt8(ascii: "["):
                guard open.push(.array) else { throw JSONError(.tooDeep, at: self.position) }
                self.position &+= 1
                self.skipBlanks()
                if self.next == UInt8(ascii: "]") {
                    self.position &+= 1
                    open.pop()
                } else {
                    expected = .valueOrArrayEnd
                    continue reading
                }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try self.skipNumber()
            case UInt8(ascii: "t"): try self.skipLiteral("true")
            case UInt8(ascii: "f"): try self.skipLiteral("false")
            case UInt8(ascii: "n"): try self.skipLiteral("null")
            default: throw self.noValue(expected, in: open.innermost ?? (outerDepth > 0 ? .object : nil))
            }

            // A value has ended: go on in the container around it, or stop where there is none.
            while true {
                switch open.innermost {
                case nil:
                    return
                case .object:
                    if try self.skipSeparatorInObject() {
                        expected = .value
                        continue reading
                    }
                case .array:
                    if try self.skipSeparatorInArray() {
                        expected = .value
                        continue reading
                    }
                }
                open.pop()
            }
        }
    }

    /// Passes over a name, the colon and the blanks around it.
    @inline(__always)
    mutating func skipName(_ expected: JSONError.Expectation) throws(JSONError) {
        _ = try self.skipNameString(expected)
        try self.skipColon()
    }

    /// Passes over a name in its quotes.
    ///
    /// - Returns: Whether the name contains an escape.
    @inline(__always)
    mutating func skipNameString(_ expected: JSONError.Expectation) throws(JSONError) -> Bool {
        guard self.next == UInt8(ascii: "\"") else { throw self.unexpected(expected, unfinished: .unterminatedObject) }
        self.position &+= 1
        return try self.skipString()
    }

    /// Passes over the colon after a name and the blanks around it.
    @inline(__always)
    mutating func skipColon() throws(JSONError) {
        self.skipBlanks()
        guard self.next == UInt8(ascii: ":") else { throw self.unexpected(.colon, unfinished: .unterminatedObject) }
        self.position &+= 1
        self.skipBlanks()
    }

    /// Passes over a comma and the name after it, or over the closing brace.
    ///
    /// - Returns: Whether another value follows.
    @inline(__always)
    private mutating func skipSeparatorInObject() throws(JSONError) -> Bool {
        guard try self.skipMemberSeparator() else { return false }
        try self.skipName(.name)
        return true
    }

    /// Passes over a comma and the blanks after it, or over the closing brace.
    ///
    /// - Returns: Whether another name follows.
    @inline(__always)
    mutating func skipMemberSeparator() throws(JSONError) -> Bool {
        self.skipBlanks()
        switch self.next {
        case UInt8(ascii: ","):
            self.position &+= 1
            self.skipBlanks()
            if self.next == UInt8(ascii: "}") { throw JSONError(.trailingComma, at: self.position) }
            return true
        case UInt8(ascii: "}"):
            self.position &+= 1
            return false
        default: throw self.unexpected(.commaOrObjectEnd, unfinished: .unterminatedObject)
        }
    }

    /// Passes over a comma and the blanks after it, or over the closing bracket.
    ///
    /// - Returns: Whether another value follows.
    @inline(__always)
    mutating func skipSeparatorInArray() throws(JSONError) -> Bool {
        self.skipBlanks()
        switch self.next {
        case UInt8(ascii: ","):
            self.position &+= 1
            self.skipBlanks()
            if self.next == UInt8(ascii: "]") { throw JSONError(.trailingComma, at: self.position) }
            return true
        case UInt8(ascii: "]"):
            self.position &+= 1
            return false
        default: throw self.unexpected(.commaOrArrayEnd, unfinished: .unterminatedArray)
        }
    }

    /// The error for a place where a value should begin and none does.
    @inline(never)
    private func noValue(_ expected: JSONError.Expectation, in container: OpenContainers.Kind?) -> JSONError {
        switch container {
        case nil: self.unexpected(expected, unfinished: .emptyText)
        case .array: self.unexpected(expected, unfinished: .unterminatedArray)
        case .object: self.unexpected(expected, unfinished: .unterminatedObject)
        }
    }
}

/// Which brackets are open: one bit for each level.
private struct OpenContainers {
    enum Kind { case array, object }

    private var bits = InlineArray<8, UInt64>(repeating: 0)
    private var depth: Int
    private let outerDepth: Int

    init(outerDepth: Int) {
        self.depth = outerDepth
        self.outerDepth = outerDepth
    }

    /// The kind of the innermost container that is open, nil outside of all.
    @inline(__always)
    var innermost: Kind? {
        guard self.depth > self.outerDepth else { return nil }
        let level = self.depth &- 1
        return self.bits[level &>> 6] &>> UInt64(level & 63) & 1 == 0 ? .array : .object
    }

    /// Opens a container, or returns false where that would be one too many.
    @inline(__always)
    mutating func push(_ kind: Kind) -> Bool {
        guard self.depth < JSONValidator.maximumDepth else { return false }
        let bit = UInt64(1) &<< UInt64(self.depth & 63)
        switch kind {
        case .array: self.bits[self.depth &>> 6] &= ~bit
        case .object: self.bits[self.depth &>> 6] |= bit
        }
        self.depth &+= 1
        return true
    }

    @inline(__always)
    mutating func pop() { self.depth &-= 1 }
}
