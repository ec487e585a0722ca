/// Looks at eight bytes at once, held in one integer with the first byte lowest.
///
/// The tests set the high bit of each byte that answers them. Subtraction may carry into a later byte and mark it
/// wrongly, never an earlier one, so that the first mark is always true.
enum ByteWord {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    static func load(_ address: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: address.loadUnaligned(as: UInt64.self))
    }

    /// Marks what ends a run of plain text in a JSON string: a quote, a backslash, a control character.
    @inline(__always)
    static func escapeStops(in word: UInt64) -> UInt64 {
        let quotes = word ^ (Self.ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (Self.ones &* UInt64(UInt8(ascii: "\\")))
        let marks =
            (quotes &- Self.ones) & ~quotes | (backslashes &- Self.ones) & ~backslashes
            | (word &- Self.ones &* 0x20) & ~word
        return marks & Self.highs
    }

    /// Marks the same, and every byte that is not ASCII.
    @inline(__always)
    static func stringStops(in word: UInt64) -> UInt64 { Self.escapeStops(in: word) | word & Self.highs }

    /// The number of bytes before the first mark.
    @inline(__always)
    static func firstStop(_ marks: UInt64) -> Int { marks.trailingZeroBitCount &>> 3 }
}

/// The digits 0 to f.
enum HexDigit {
    /// The value of a hexadecimal digit in either case, nil for any other byte.
    @inline(__always)
    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
        default: nil
        }
    }

    /// The digit for a value below 16, in lower case.
    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? value &+ UInt8(ascii: "0") : value &- 10 &+ UInt8(ascii: "a")
    }
}
