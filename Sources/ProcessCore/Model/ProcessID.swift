/// What a process is known by: the caller's own text of identifier shape, or a UUIDv7 made here.
public struct ProcessID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The id as it stands in paths, bodies and keys.
    public let text: String

    /// Takes a text that has identifier shape (``IdentifierShape``).
    ///
    /// - Parameter text: What was sent; `nil` comes back where it has another shape.
    public init?(_ text: String) {
        guard IdentifierShape.matches(text) else { return nil }
        self.text = text
    }

    /// Takes a text that was checked before it was stored.
    ///
    /// - Parameter text: An id read back from a store.
    public init(trusted text: String) {
        self.text = text
    }

    /// The id's text.
    public var description: String { self.text }

    /// Orders ids by their bytes, as every store does.
    public static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

extension ProcessID {
    /// Makes an id in time order: a UUID of version 7 (RFC 9562, section 5.7), in lower case.
    ///
    /// Ids made later sort later, so a store inserts at the right edge of its trees and a commit touches few pages.
    ///
    /// - Parameters:
    ///   - now: The time the first 48 bits carry, in milliseconds.
    ///   - generator: Where the other 74 bits come from.
    /// - Returns: An id that nobody else has made.
    public static func uuidV7(at now: Timestamp, using generator: inout some RandomNumberGenerator) -> ProcessID {
        self.uuidV7(at: now, generator.next(), generator.next())
    }

    /// Makes an id in time order from the system's random numbers.
    ///
    /// - Parameter now: The time the id carries.
    /// - Returns: An id that nobody else has made.
    public static func uuidV7(at now: Timestamp) -> ProcessID {
        self.uuidV7(at: now, SystemRandomReserve.next(), SystemRandomReserve.next())
    }

    private static func uuidV7(at now: Timestamp, _ first: UInt64, _ second: UInt64) -> ProcessID {
        let time = UInt64(bitPattern: now.milliseconds) & 0xFFFF_FFFF_FFFF
        let high = time << 16 | 0x7000 | first & 0x0FFF
        let low = second & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let text = String(unsafeUninitializedCapacity: 36) { buffer in
            var index = 0
            func write(_ word: UInt64, hyphensBefore positions: [2 of Int]) {
                for nibble in 0..<16 {
                    if nibble == positions[0] || nibble == positions[1] {
                        buffer[index] = UInt8(ascii: "-")
                        index += 1
                    }
                    let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * nibble) & 0xF)
                    buffer[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                    index += 1
                }
            }
            write(high, hyphensBefore: [8, 12])
            write(low, hyphensBefore: [0, 4])
            return index
        }
        return ProcessID(trusted: text)
    }
}
