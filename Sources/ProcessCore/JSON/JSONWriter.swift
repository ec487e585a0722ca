/// Writes JSON, front to back, into one growing block of memory.
///
/// It puts the commas; pairing brackets, and a name before each value in an object, is up to the caller.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.beginObject()
/// writer.member("process_id", record.id)
/// writer.member("input", record.input)
/// writer.endObject()
/// return writer.finish()
/// ```
public struct JSONWriter: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<UInt8>
    @usableFromInline var capacity: Int
    @usableFromInline var needsComma = false

    @usableFromInline var length = 0

    /// The number of bytes written so far.
    public var count: Int { self.length }

    /// Makes a writer that has written nothing.
    ///
    /// - Parameter capacity: How many bytes to make room for at first; it grows where that is not enough.
    public init(capacity: Int = 1024) {
        self.capacity = max(capacity, 16)
        self.base = .allocate(capacity: self.capacity)
    }

    deinit { self.base.deallocate() }

    /// Ends the writing.
    ///
    /// - Returns: A copy of what was written.
    public consuming func finish() -> [UInt8] {
        [UInt8](UnsafeBufferPointer(start: self.base, count: self.length))
    }

    /// Gives access to what was written without a copy; the pointer is valid only inside `body`.
    ///
    /// - Parameter body: What to do with the bytes.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    @inlinable
    public func withUnsafeBytes<Answer, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        try body(UnsafeRawBufferPointer(start: self.base, count: self.length))
    }

    /// Forgets what was written and keeps the memory, for a writer that is used again and again.
    public mutating func removeAll() {
        self.length = 0
        self.needsComma = false
    }

    /// A place in what was written.
    public struct Mark: Sendable {
        fileprivate let length: Int
        fileprivate let needsComma: Bool
    }

    /// The place after what was written so far.
    public var mark: Mark { Mark(length: self.length, needsComma: self.needsComma) }

    /// Forgets what was written after a place, such as the one element that made an answer too large.
    ///
    /// - Parameter mark: A place that this writer was at before, in the same array or object.
    public mutating func goBack(to mark: Mark) {
        self.length = mark.length
        self.needsComma = mark.needsComma
    }

    // MARK: Structure

    /// Begins an object.
    @inlinable
    public mutating func beginObject() { self.begin(UInt8(ascii: "{")) }

    /// Ends an object.
    @inlinable
    public mutating func endObject() { self.end(UInt8(ascii: "}")) }

    /// Begins an array.
    @inlinable
    public mutating func beginArray() { self.begin(UInt8(ascii: "[")) }

    /// Ends an array.
    @inlinable
    public mutating func endArray() { self.end(UInt8(ascii: "]")) }

    /// Writes the name of a member; its value is to be written next.
    ///
    /// - Parameter name: A constant of ours without anything that needs an escape. It is not looked at.
    @inlinable
    public mutating func name(_ name: StaticString) {
        let count = name.utf8CodeUnitCount
        self.reserve(count + 4)
        var target = self.base + self.length
        target[0] = UInt8(ascii: ",")
        target += self.needsComma ? 1 : 0
        target[0] = UInt8(ascii: "\"")
        name.withUTF8Buffer { (target + 1).initialize(from: $0.baseAddress.unsafelyUnwrapped, count: $0.count) }
        target[count + 1] = UInt8(ascii: "\"")
        target[count + 2] = UInt8(ascii: ":")
        self.length += count + 3 + (self.needsComma ? 1 : 0)
        self.needsComma = false
    }

    /// Writes the name of a member that comes from elsewhere; its value is to be written next.
    ///
    /// - Parameter name: Any string; it is escaped where it has to be.
    public mutating func name(escaping name: String) {
        self.value(name)
        self.reserve(1)
        self.base[self.length] = UInt8(ascii: ":")
        self.length += 1
        self.needsComma = false
    }

    /// Writes a member.
    ///
    /// - Parameters:
    ///   - name: A constant of ours without anything that needs an escape.
    ///   - value: The value; nil is written as `null`.
    @inlinable
    public mutating func member(_ name: StaticString, _ value: some JSONWritable) {
        self.name(name)
        value.write(to: &self)
    }

    /// Writes a member whose value is `null`.
    ///
    /// - Parameter name: A constant of ours without anything that needs an escape.
    @inlinable
    public mutating func nullMember(_ name: StaticString) {
        self.name(name)
        self.null()
    }

    /// Writes a value.
    ///
    /// - Parameter value: The value; nil is written as `null`.
    @inlinable
    public mutating func value(_ value: some JSONWritable) { value.write(to: &self) }

    /// Writes `null`.
    @inlinable
    public mutating func null() { self.literal("null") }

    @inlinable
    mutating func literal(_ text: StaticString) {
        self.beginValue(reserving: text.utf8CodeUnitCount)
        text.withUTF8Buffer {
            (self.base + self.length).initialize(from: $0.baseAddress.unsafelyUnwrapped, count: $0.count)
        }
        self.length += text.utf8CodeUnitCount
    }

    // MARK: Memory

    @inlinable
    mutating func begin(_ bracket: UInt8) {
        self.beginValue(reserving: 1)
        self.base[self.length] = bracket
        self.length += 1
        self.needsComma = false
    }

    @inlinable
    mutating func end(_ bracket: UInt8) {
        self.reserve(1)
        self.base[self.length] = bracket
        self.length += 1
        self.needsComma = true
    }

    /// Writes the comma where one is due, and makes room for `count` bytes after it.
    @inlinable
    mutating func beginValue(reserving count: Int) {
        self.reserve(count + 1)
        self.base[self.length] = UInt8(ascii: ",")
        self.length += self.needsComma ? 1 : 0
        self.needsComma = true
    }

    /// Makes room for `count` more bytes.
    @inlinable
    mutating func reserve(_ count: Int) {
        if self.capacity - self.length < count { self.grow(by: count) }
    }

    @usableFromInline
    @inline(never)
    mutating func grow(by count: Int) {
        let capacity = max(self.capacity * 2, self.length + count)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        grown.moveInitialize(from: self.base, count: self.length)
        self.base.deallocate()
        self.base = grown
        self.capacity = capacity
    }
}
