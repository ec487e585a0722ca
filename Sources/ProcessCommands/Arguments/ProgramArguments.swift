/// The words that a program was called with, as the bytes they are.
///
/// A file name need not be UTF-8. Our own options are read as text; the words of a command that is run for somebody are
/// handed on as they came.
public struct ProgramArguments: Sendable, ExpressibleByArrayLiteral {
    /// The words without the program's own name, each without its closing zero.
    public var words: [[UInt8]]

    /// Takes words as bytes.
    ///
    /// - Parameter words: The words without the program's own name.
    public init(_ words: [[UInt8]]) {
        self.words = words
    }

    /// Takes words as text.
    public init(arrayLiteral words: String...) {
        self.init(words.map { [UInt8]($0.utf8) })
    }

    /// The words as text, what is not UTF-8 repaired.
    var texts: [String] { self.words.map { String(decoding: $0, as: UTF8.self) } }
}
