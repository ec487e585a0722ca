/// Decodes strings that a scanner has already passed over.
enum JSONString {
    /// Decodes a string with its quotes.
    ///
    /// - Returns: The string, or nil where it contains half of a surrogate pair, which no Swift string can hold.
    static func decode(_ quoted: UnsafeRawBufferPointer) -> String? {
        let inner = UnsafeRawBufferPointer(rebasing: quoted[1..<(quoted.count - 1)])
        guard let firstEscape = inner.firstIndex(of: UInt8(ascii: "\\")) else {
            return String(decoding: inner, as: UTF8.self)
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(inner.count)
        decoded.append(contentsOf: inner[..<firstEscape])
        var position = firstEscape
        while position < inner.count {
            let byte = inner[position]
            position += 1
            guard byte == UInt8(ascii: "\\") else {
                decoded.append(byte)
                continue
            }
            let letter = inner[position]
            position += 1
            guard letter == UInt8(ascii: "u") else {
                decoded.append(Self.meaning(of: letter))
                continue
            }
            guard let scalar = Self.scalar(in: inner, at: &position) else { return nil }
            UTF8.encode(scalar).map { decoded.append(contentsOf: $0) }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// What a backslash and `letter` stand for.
    private static func meaning(of letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "r"): 0x0D
        default: letter
        }
    }

    /// Reads four digits after `\u`, and a second escape where the first is the first half of a pair.
    private static func scalar(in bytes: UnsafeRawBufferPointer, at position: inout Int) -> Unicode.Scalar? {
        let unit = Self.codeUnit(in: bytes, at: &position)
        guard UTF16.isLeadSurrogate(unit) else { return Unicode.Scalar(unit) }  // nil for a second half alone
        guard position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return nil }
        position += 2
        let second = Self.codeUnit(in: bytes, at: &position)
        guard UTF16.isTrailSurrogate(second) else { return nil }
        return UTF16.decode(UTF16.EncodedScalar([unit, second]))
    }

    private static func codeUnit(in bytes: UnsafeRawBufferPointer, at position: inout Int) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            unit = unit << 4 | UInt16(HexDigit.value(bytes[position]) ?? 0)
            position += 1
        }
        return unit
    }
}
