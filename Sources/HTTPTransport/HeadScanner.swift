internal import Glibc

/// Follows the raw bytes of a request's head, for what cannot be seen any more once evhttp has parsed it: where the
/// head ends, how large it is, whether it holds folded lines or zero bytes, and whether a body in chunks may follow.
///
/// Fed with the bytes as they arrive, in pieces of any size. A line ends at a line feed, with or without a carriage
/// return before it, as evhttp sees it.
struct HeadScanner {
    /// How many bytes the head has so far.
    private(set) var size = 0
    /// A line began with a blank: once a way to go on with the line before, now a way to smuggle (RFC 9112, section 5.2).
    private(set) var hasFoldedLine = false
    /// C strings end at a zero byte, so evhttp would see less than others do.
    private(set) var hasZeroByte = false
    /// There is a `Transfer-Encoding` header.
    private(set) var hasTransferEncoding = false
    private static let transferEncoding: StaticString = "transfer-encoding:"
    /// How much of that the line begins with, whatever the case of the letters.
    private var matchedLength = 0
    private var lineLength = 0
    private var isFirstLine = true
    private var lineIsCarriageReturn = false

    /// Takes in what has arrived, as far as it belongs to the head.
    ///
    /// - Parameter bytes: What has arrived since the last call.
    /// - Returns: How many of these bytes are the rest of the head, where it ends in them; then the scanner is done.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress else { return nil }
        var position = start
        let end = position + bytes.count
        while position < end {
            if self.lineLength == 0, !self.isFirstLine {
                let first = position.load(as: UInt8.self)
                if first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") { self.hasFoldedLine = true }
            }
            guard let lineFeed = memchr(position, 0x0A, end - position) else {
                self.extendLine(position, end - position)
                return nil
            }
            self.extendLine(position, UnsafeRawPointer(lineFeed) - position)
            self.size += 1
            position = UnsafeRawPointer(lineFeed) + 1
            if self.lineLength == 0 || self.lineIsCarriageReturn { return position - start }
            self.lineLength = 0
            self.matchedLength = 0
            self.lineIsCarriageReturn = false
            self.isFirstLine = false
        }
        return nil
    }

    private mutating func extendLine(_ start: UnsafeRawPointer, _ count: Int) {
        guard count > 0 else { return }
        if self.matchedLength == self.lineLength { self.match(start, count) }
        if memchr(start, 0, count) != nil { self.hasZeroByte = true }
        self.lineIsCarriageReturn = self.lineLength == 0 && count == 1 && start.load(as: UInt8.self) == 0x0D
        self.lineLength += count
        self.size += count
    }

    private mutating func match(_ start: UnsafeRawPointer, _ count: Int) {
        let name = Self.transferEncoding
        for index in 0..<min(count, name.utf8CodeUnitCount - self.matchedLength) {
            guard start.load(fromByteOffset: index, as: UInt8.self) | 0x20 == name.utf8Start[self.matchedLength] | 0x20
            else { return }
            self.matchedLength += 1
        }
        if self.matchedLength == name.utf8CodeUnitCount { self.hasTransferEncoding = true }
    }
}
