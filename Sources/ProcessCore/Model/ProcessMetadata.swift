/// A process's labels, text to text, in the order they were sent; a key stands once.
public struct ProcessMetadata: Hashable, Sendable {
    /// One label.
    public struct Entry: Hashable, Sendable {
        /// The name, of identifier shape.
        public var key: String
        /// Any text.
        public var value: String

        /// Takes a name and its text.
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// The labels, in the order they were sent.
    public private(set) var entries: [Entry]

    /// Takes labels whose keys were checked to differ.
    public init(_ entries: [Entry] = []) {
        self.entries = entries
    }

    /// Whether there are none.
    public var isEmpty: Bool { self.entries.isEmpty }

    /// The text under a key, or `nil`.
    public subscript(key: String) -> String? {
        self.entries.first { $0.key == key }?.value
    }
}
