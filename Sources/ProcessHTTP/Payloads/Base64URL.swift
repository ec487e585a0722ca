/// Bytes as text that can stand in a URL as it is (RFC 4648, section 5), without padding.
enum Base64URL {
    private static let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Writes bytes as text.
    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 4 / 3 + 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for _ in 0...group.count {
                text.append(Self.alphabet[Int(word >> 18 & 63)])
                word <<= 6
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads a text; nil where it is none that ``text(_:)`` wrote.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for character in text.utf8 {
            guard let value = Self.alphabet.firstIndex(of: character) else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        // Bits that are left over and other lengths decode too; only our own text is taken.
        return Self.text(bytes) == text ? bytes : nil
    }
}

extension [UInt8] {
    /// Appends a number as eight bytes.
    mutating func append(number: Int64) { Swift.withUnsafeBytes(of: number.bigEndian) { self.append(contentsOf: $0) } }
}

extension ArraySlice<UInt8> {
    /// Takes a number of eight bytes from the front; nil where there are fewer.
    mutating func takeNumber() -> Int64? {
        guard self.count >= 8 else { return nil }
        defer { self.removeFirst(8) }
        return Int64(bitPattern: self.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
