extension JSONWriter {
    /// Writes a value whose text is known to be valid JSON.
    mutating func writeRaw(_ text: UnsafeRawBufferPointer) {
        self.beginValue(reserving: text.count)
        self.append(text)
    }

    @usableFromInline
    mutating func writeInteger(_ value: Int64) {
        self.beginValue(reserving: 20)
        self.appendDigits(of: value)
    }

    /// Writes a string from its UTF-8, in quotes.
    mutating func writeString(_ text: UnsafeRawBufferPointer) {
        self.beginValue(reserving: text.count + 2)
        self.appendByte(UInt8(ascii: "\""))
        var position = 0
        while true {
            let stop = Self.firstEscape(in: text, from: position)
            self.append(UnsafeRawBufferPointer(rebasing: text[position..<stop]))
            if stop == text.count { break }
            // Room for the longest escape, all that is left, and the closing quote.
            self.reserve(6 + text.count - stop)
            self.appendEscape(of: text[stop])
            position = stop + 1
        }
        self.appendByte(UInt8(ascii: "\""))
    }

    /// Where the first byte stands that needs an escape, or the end.
    private static func firstEscape(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var position = start
        while position &+ 8 <= text.count {
            let marks = ByteWord.escapeStops(
                in: UInt64(littleEndian: text.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
            if marks != 0 { return position &+ ByteWord.firstStop(marks) }
            position &+= 8
        }
        while position < text.count {
            let byte = text[position]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return position }
            position &+= 1
        }
        return position
    }

    private mutating func appendEscape(of byte: UInt8) {
        self.appendByte(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): self.appendByte(byte)
        case 0x08: self.appendByte(UInt8(ascii: "b"))
        case 0x09: self.appendByte(UInt8(ascii: "t"))
        case 0x0A: self.appendByte(UInt8(ascii: "n"))
        case 0x0C: self.appendByte(UInt8(ascii: "f"))
        case 0x0D: self.appendByte(UInt8(ascii: "r"))
        default:
            self.appendByte(UInt8(ascii: "u"))
            self.appendByte(UInt8(ascii: "0"))
            self.appendByte(UInt8(ascii: "0"))
            self.appendByte(HexDigit.digit(byte >> 4))
            self.appendByte(HexDigit.digit(byte & 0xF))
        }
    }

    // What follows relies on room made before.

    @inline(__always)
    mutating func appendByte(_ byte: UInt8) {
        self.base[self.length] = byte
        self.length &+= 1
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawPointer(self.base + self.length).copyMemory(
            from: bytes.baseAddress ?? UnsafeRawPointer(self.base), byteCount: bytes.count)
        self.length &+= bytes.count
    }

    /// Writes an integer of up to 20 characters.
    mutating func appendDigits(of value: Int64) {
        if value < 0 { self.appendByte(UInt8(ascii: "-")) }
        var rest = value.magnitude
        let count = Self.digitCount(rest)
        var position = self.length &+ count
        self.length = position
        while rest >= 100 {
            let quotient = rest / 100
            let pair = UInt8(truncatingIfNeeded: rest &- quotient &* 100)
            position &-= 2
            self.base[position] = UInt8(ascii: "0") &+ pair / 10
            self.base[position &+ 1] = UInt8(ascii: "0") &+ pair % 10
            rest = quotient
        }
        let pair = UInt8(truncatingIfNeeded: rest)
        self.base[position &- 1] = UInt8(ascii: "0") &+ pair % 10
        if rest >= 10 { self.base[position &- 2] = UInt8(ascii: "0") &+ pair / 10 }
    }

    /// How many decimal digits a number of up to 19 of them has.
    private static func digitCount(_ value: UInt64) -> Int {
        var count = 1
        var limit: UInt64 = 10
        while value >= limit, count < 19 {
            count &+= 1
            limit &*= 10
        }
        return count
    }
}
