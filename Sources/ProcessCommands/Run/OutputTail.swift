/// The end of what a command printed, of bounded size however much that was.
struct OutputTail: Sendable {
    /// How many bytes are kept.
    static let limit = 4096

    private var bytes: [UInt8] = []

    /// Adds what was printed next.
    mutating func append(_ chunk: UnsafeRawBufferPointer) {
        if chunk.count >= Self.limit {
            self.bytes.removeAll(keepingCapacity: true)
            self.bytes.append(contentsOf: chunk.suffix(Self.limit))
            return
        }
        self.bytes.append(contentsOf: chunk)
        // Cut only now and then: moving 4 KiB for each printed line would be waste.
        if self.bytes.count > 4 * Self.limit { self.bytes.removeFirst(self.bytes.count - Self.limit) }
    }

    /// The last 4 KiB as text: what is no UTF-8 is shown as U+FFFD, a character cut at the front is left out.
    var text: String {
        var tail = self.bytes.suffix(Self.limit)
        if self.bytes.count > tail.count {
            let continuationBytes = tail.prefix(3).prefix { $0 & 0xC0 == 0x80 }.count
            tail = tail.dropFirst(continuationBytes)
        }
        return TextLimit.suffix(String(decoding: tail, as: UTF8.self), bytes: Self.limit)
    }
}

/// Cuts text to a length in bytes, between characters.
enum TextLimit {
    /// The end of a text.
    static func suffix(_ text: String, bytes limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var length = 0
        let kept = text.unicodeScalars.reversed().prefix { scalar in
            length += UTF8.width(scalar)
            return length <= limit
        }
        return String(String.UnicodeScalarView(kept.reversed()))
    }

    /// The beginning of a text, with `…` where something is missing; that sign is within the limit.
    static func prefix(_ text: String, bytes limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var length = 0
        let kept = text.unicodeScalars.prefix { scalar in
            length += UTF8.width(scalar)
            return length <= limit - 3
        }
        return String(String.UnicodeScalarView(kept)) + "…"
    }
}
