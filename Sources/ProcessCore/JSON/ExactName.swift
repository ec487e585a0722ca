/// A decoded name, compared by its bytes: two normal forms of é are two names, where `String` would see one.
///
/// The first bytes and the length decide nearly every comparison without a look at the text.
struct ExactName: Hashable, Sendable {
    let text: String
    private let start: Start

    /// The length of a name and its first eight bytes.
    struct Start: Hashable, Sendable {
        let count: Int
        private let bytes: UInt64

        init(_ name: UnsafeRawBufferPointer) {
            var bytes: UInt64 = 0
            if name.count >= 8 {
                bytes = name.loadUnaligned(as: UInt64.self)
            } else {
                withUnsafeMutableBytes(of: &bytes) { $0.copyMemory(from: name) }
            }
            self.bytes = bytes
            self.count = name.count
        }

        init(_ name: StaticString) {
            self = name.withUTF8Buffer { Start(UnsafeRawBufferPointer($0)) }
        }
    }

    init(_ text: String) {
        var text = text
        self.start = text.withUTF8 { Start(UnsafeRawBufferPointer($0)) }
        self.text = text
    }

    init(_ utf8: UnsafeRawBufferPointer) {
        self.text = String(decoding: utf8, as: UTF8.self)
        self.start = Start(utf8)
    }

    /// Whether it is `name`, whose start is known.
    @inline(__always)
    func equals(_ name: StaticString, startingLike start: Start) -> Bool {
        guard self.start == start else { return false }
        return start.count <= 8 || name.withUTF8Buffer { self.text.utf8.elementsEqual($0) }
    }

    static func == (left: ExactName, right: ExactName) -> Bool {
        guard left.start == right.start else { return false }
        return left.start.count <= 8 || left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.start)
        if self.start.count > 8 {
            var text = self.text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}
