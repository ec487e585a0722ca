internal import Synchronization

/// Makes ids for requests that brought none.
///
/// Seven characters are drawn at random when the service starts, eight count its requests: no two instances and no two
/// requests share one, and the text is short enough that Swift keeps it without allocating memory.
final class RequestIDs: Sendable {
    private let prefix: UInt64
    private let counter: Atomic<UInt64>

    /// Draws the prefix.
    init() {
        self.prefix = UInt64.random(in: 0..<1 << 35)
        self.counter = Atomic(0)
    }

    /// A new id, 15 letters and digits.
    func next() -> String {
        let number = self.counter.wrappingAdd(1, ordering: .relaxed).newValue
        return String(unsafeUninitializedCapacity: 15) { buffer in
            Self.write(self.prefix, digits: 7, to: buffer, at: 0)
            Self.write(number, digits: 8, to: buffer, at: 7)
            return 15
        }
    }

    /// Writes the lowest bits, five a character.
    private static func write(
        _ value: UInt64, digits: Int, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int
    ) {
        var rest = value
        for index in stride(from: start + digits - 1, through: start, by: -1) {
            let digit = UInt8(truncatingIfNeeded: rest & 31)
            buffer[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            rest >>= 5
        }
    }
}
