internal import Glibc

/// Memory to put a message together in, kept and used again for the next one.
///
/// Not copyable, so it has one owner, who frees it.
struct ByteWriter: ~Copyable {
    private var memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(capacity: Int) {
        self.memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        self.memory.deallocate()
    }

    /// What was written since the last reset, until something else is done with the writer.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self.memory[..<self.count])
    }

    mutating func reset() {
        self.count = 0
    }

    /// Gives back what one very large message took.
    mutating func shrink() {
        guard self.memory.count > 256 * 1024 else { return }
        self.memory.deallocate()
        self.memory = .allocate(byteCount: 16 * 1024, alignment: 16)
        self.count = 0
    }

    @inline(__always)
    private mutating func reserve(_ additional: Int) {
        if self.count + additional > self.memory.count { self.grow(additional) }
    }

    @inline(never)
    private mutating func grow(_ additional: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(self.memory.count * 2, self.count + additional), alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: self.memory[..<self.count]))
        self.memory.deallocate()
        self.memory = larger
    }

    @inline(__always)
    mutating func write(_ text: StaticString) {
        text.withUTF8Buffer { self.write(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    mutating func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { self.write($0) }
    }

    @inline(__always)
    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        self.reserve(bytes.count)
        memcpy(self.memory.baseAddress! + self.count, source, bytes.count)
        self.count += bytes.count
    }

    /// Writes text that came from elsewhere: what would end the line becomes a blank, so a value cannot add a header.
    mutating func writeLine(_ text: String) {
        var text = text
        let start = self.count
        text.withUTF8 { self.write(UnsafeRawBufferPointer($0)) }
        for index in start..<self.count where self.memory[index] < 0x20 && self.memory[index] != 0x09 {
            self.memory[index] = 0x20
        }
    }

    mutating func write(decimal value: Int) {
        self.reserve(20)
        if value == 0 {
            self.memory[self.count] = UInt8(ascii: "0")
            self.count += 1
            return
        }
        var rest = value
        var length = 0
        while rest > 0 {
            rest /= 10
            length += 1
        }
        rest = value
        var position = self.count + length
        self.count = position
        while rest > 0 {
            position -= 1
            self.memory[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    mutating func write(hexadecimal value: Int) {
        self.write(Array(String(value, radix: 16).utf8))
    }
}
