internal import Glibc

/// Follows the raw bytes of a request's head, for what cannot be seen any more once evhttp has parsed it: where the
/// head ends, how large it is, and whether it holds folded lines or zero bytes.
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
    private var lineLength = 0
    private var isFirstLine = true
    private var lineIsCarriageReturn = false

    /// Takes in what has arrived, as far as it belongs to the head.
    ///
    /// - Parameter bytes: What has arrived since the last call.
    /// - Returns: Whether the head ends in these bytes; then the scanner is done.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard var position = bytes.baseAddress else { return false }
        let end = position + bytes.count
        while position < end {
            if self.lineLength == 0, !self.isFirstLine {
                let first = position.load(as: UInt8.self)
                if first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") { self.hasFoldedLine = true }
            }
            guard let lineFeed = memchr(position, 0x0A, end - position) else {
                self.extendLine(position, end - position)
                return false
            }
            self.extendLine(position, UnsafeRawPointer(lineFeed) - position)
            self.size += 1
            position = UnsafeRawPointer(lineFeed) + 1
            if self.lineLength == 0 || self.lineIsCarriageReturn { return true }
            self.lineLength = 0
            self.lineIsCarriageReturn = false
            self.isFirstLine = false
        }
        return false
    }

    private mutating func extendLine(_ start: UnsafeRawPointer, _ count: Int) {
        guard count > 0 else { return }
        if memchr(start, 0, count) != nil { self.hasZeroByte = true }
        self.lineIsCarriageReturn = self.lineLength == 0 && count == 1 && start.load(as: UInt8.self) == 0x0D
        self.lineLength += count
        self.size += count
    }
}
