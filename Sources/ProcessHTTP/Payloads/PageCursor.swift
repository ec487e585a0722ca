internal import ProcessCore

/// The place where a list goes on, as text that means nothing to its reader: base64url of eight bytes of time and an id.
enum PageCursor {
    /// Writes a place as text.
    static func text(_ cursor: ProcessQuery.Cursor) -> String {
        var bytes = withUnsafeBytes(of: cursor.createdAt.milliseconds.bigEndian) { [UInt8]($0) }
        bytes.append(contentsOf: cursor.id.text.utf8)
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

    /// Reads a text that `text(_:)` wrote; the answer is nil where it is any other.
    static func cursor(_ text: String) -> ProcessQuery.Cursor? {
        guard text.utf8.count <= 200 else { return nil }
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
        guard bytes.count > 8, let id = ProcessID(String(decoding: bytes[8...], as: UTF8.self)) else { return nil }
        let milliseconds = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let cursor = ProcessQuery.Cursor(
            createdAt: Timestamp(milliseconds: Int64(bitPattern: milliseconds)), id: id)
        // Bits that are left over and other lengths decode too; only our own text is taken.
        return Self.text(cursor) == text ? cursor : nil
    }

    private static let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
}
