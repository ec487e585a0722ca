extension JSONScanner {
    /// Passes over the rest of a string whose opening quote has been read, and over its closing quote.
    ///
    /// Half of a surrogate pair written as an escape is valid here: RFC 8259 allows it, and payloads keep it.
    ///
    /// - Returns: Whether the string contains an escape.
    mutating func skipString() throws(JSONError) -> Bool {
        var escaped = false
        var position = self.position
        while true {
            while position &+ 8 <= self.end {
                let stops = ByteWord.stringStops(in: ByteWord.load(self.base + position))
                if stops != 0 {
                    position &+= ByteWord.firstStop(stops)
                    break
                }
                position &+= 8
            }
            guard position < self.end else { throw JSONError(.unterminatedString, at: self.end) }
            let byte = self[position]
            switch byte {
            case UInt8(ascii: "\""):
                self.position = position &+ 1
                return escaped
            case UInt8(ascii: "\\"):
                escaped = true
                position = try self.endOfEscape(at: position)
            case 0..<0x20:
                throw JSONError(.controlCharacter(byte), at: position)
            case 0x80...:
                // Text that is not ASCII seldom stands alone: stay here until it ends.
                repeat {
                    position = try self.endOfSequence(at: position)
                } while position < self.end
                    && self[position] >= 0x80
            default:
                position &+= 1
            }
        }
    }

    /// Where the escape that begins at `start` ends.
    @inline(__always)
    private func endOfEscape(at start: Int) throws(JSONError) -> Int {
        guard start &+ 1 < self.end else { throw JSONError(.unterminatedString, at: self.end) }
        switch self[start &+ 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start &+ 2
        case UInt8(ascii: "u"):
            for offset in (start &+ 2)..<(start &+ 6) {
                guard offset < self.end else { throw JSONError(.unterminatedString, at: self.end) }
                guard HexDigit.value(self[offset]) != nil else { throw JSONError(.invalidUnicodeEscape, at: offset) }
            }
            return start &+ 6
        default:
            throw JSONError(.invalidEscape, at: start &+ 1)
        }
    }

    /// Where the UTF-8 sequence of two to four bytes that begins at `start` ends; see table 3-7 of the Unicode standard.
    @inline(__always)
    private func endOfSequence(at start: Int) throws(JSONError) -> Int {
        let lead = self[start]
        let length: Int
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if lead == 0xE0 { lowest = 0xA0 }  // below: overlong
            if lead == 0xED { highest = 0x9F }  // above: surrogates
        case 0xF0...0xF4:
            length = 4
            if lead == 0xF0 { lowest = 0x90 }  // below: overlong
            if lead == 0xF4 { highest = 0x8F }  // above: beyond U+10FFFF
        default: throw JSONError(.invalidUTF8, at: start)
        }
        guard start &+ length <= self.end, self[start &+ 1] >= lowest, self[start &+ 1] <= highest,
            length < 3 || self[start &+ 2] & 0xC0 == 0x80, length < 4 || self[start &+ 3] & 0xC0 == 0x80
        else { throw JSONError(.invalidUTF8, at: start) }
        return start &+ length
    }

    /// Passes over a number, which begins at the current position with a minus sign or a digit.
    @inline(__always)
    mutating func skipNumber() throws(JSONError) {
        if self.next == UInt8(ascii: "-") { self.position &+= 1 }
        if self.next == UInt8(ascii: "0") {
            self.position &+= 1
            if Self.isDigit(self.next) { throw JSONError(.leadingZero, at: self.position) }
        } else {
            try self.skipDigits(after: .minus)
        }
        if self.next == UInt8(ascii: ".") {
            self.position &+= 1
            try self.skipDigits(after: .point)
        }
        if self.next | 0x20 == UInt8(ascii: "e") {
            self.position &+= 1
            if self.next == UInt8(ascii: "+") || self.next == UInt8(ascii: "-") { self.position &+= 1 }
            try self.skipDigits(after: .exponent)
        }
    }

    @inline(__always)
    private mutating func skipDigits(after part: JSONError.NumberPart) throws(JSONError) {
        guard Self.isDigit(self.next) else { throw JSONError(.missingDigits(after: part), at: self.position) }
        repeat { self.position &+= 1 } while Self.isDigit(self.next)
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// Passes over `literal`, whose first byte has been seen at the current position.
    @inline(__always)
    mutating func skipLiteral(_ literal: StaticString) throws(JSONError) {
        for index in 1..<literal.utf8CodeUnitCount {
            self.position &+= 1
            guard self.next == literal.utf8Start[index] else { throw JSONError(.invalidLiteral, at: self.position) }
        }
        self.position &+= 1
    }
}
