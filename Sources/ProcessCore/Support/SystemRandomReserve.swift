internal import Glibc
internal import Synchronization

/// Random numbers of the system, fetched many at a time: asking the kernel for each one was half of what it takes to start a
/// process in memory.
///
/// As good as `SystemRandomNumberGenerator`, from the same source; not for a child that is forked and goes on in this program.
enum SystemRandomReserve {
    /// `getentropy` gives no more at once.
    private static let capacity = 256 / MemoryLayout<UInt64>.size

    private struct Reserve {
        var numbers = [UInt64](repeating: 0, count: SystemRandomReserve.capacity)
        var left = 0
    }

    private static let reserve = Mutex(Reserve())

    /// The next number.
    static func next() -> UInt64 {
        self.reserve.withLock { reserve in
            if reserve.left == 0 {
                let result = reserve.numbers.withUnsafeMutableBytes { getentropy($0.baseAddress!, $0.count) }
                precondition(result == 0, "the system has no random numbers")
                reserve.left = Self.capacity
            }
            reserve.left -= 1
            return reserve.numbers[reserve.left]
        }
    }
}
