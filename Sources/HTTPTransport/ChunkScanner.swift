/// Follows the raw bytes of a body in chunks, for what evhttp understands more generously than others do: it reads the size
/// of a chunk as the C library reads numbers, signs, blanks and `0x` included, and ends lines at a bare line feed. Of two
/// servers in a row one would see the end of the request elsewhere than the other (RFC 9112, sections 7.1 and 11.2).
///
/// Fed with the bytes as they arrive, in pieces of any size. Extensions of chunks are a fault, too: evhttp reads none.
struct ChunkScanner {
    /// What is wrong with the body; nothing behind it is looked at.
    private(set) var fault: String?
    private var state = State.size(digits: 0, value: 0)

    private enum State {
        case size(digits: Int, value: UInt64)
        case sizeLineFeed(value: UInt64)
        case data(left: UInt64)
        case dataCarriageReturn, dataLineFeed
        /// After the last chunk: its trailers, up to an empty line, are evhttp's.
        case end
    }

    /// Takes in what has arrived, as far as it belongs to the chunks.
    ///
    /// - Parameter bytes: What has arrived since the last call, from the end of the head on.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position < bytes.count, self.fault == nil {
            switch self.state {
            case .size(let digits, let value):
                self.readSize(bytes[position], digits, value)
                position += 1
            case .sizeLineFeed(let value):
                self.expect(0x0A, bytes[position], then: value == 0 ? .end : .data(left: value))
                position += 1
            case .data(let left):
                let count = min(left, UInt64(bytes.count - position))
                position += Int(count)
                self.state = left == count ? .dataCarriageReturn : .data(left: left - count)
            case .dataCarriageReturn:
                self.expect(0x0D, bytes[position], then: .dataLineFeed)
                position += 1
            case .dataLineFeed:
                self.expect(0x0A, bytes[position], then: .size(digits: 0, value: 0))
                position += 1
            case .end:
                return
            }
        }
    }

    private mutating func readSize(_ byte: UInt8, _ digits: Int, _ value: UInt64) {
        let digit: UInt8
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
        case 0x0D where digits > 0:
            self.state = .sizeLineFeed(value: value)
            return
        default:
            self.fault = "the size of a chunk must be hexadecimal digits and nothing else"
            return
        }
        guard digits < 15 else {
            self.fault = "the size of a chunk has too many digits"
            return
        }
        self.state = .size(digits: digits + 1, value: value << 4 | UInt64(digit))
    }

    private mutating func expect(_ wanted: UInt8, _ byte: UInt8, then next: State) {
        if byte == wanted { self.state = next } else { self.fault = "a chunk does not end where its size says" }
    }
}
