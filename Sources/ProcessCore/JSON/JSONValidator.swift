/// Decides whether a text is JSON, strictly by RFC 8259, in one pass and without recursion.
public enum JSONValidator {
    /// How many arrays and objects may be nested in each other.
    public static let maximumDepth = 512

    /// Checks that a text is exactly one JSON value with blanks around it at most.
    ///
    /// Names standing twice and lone surrogates written as escapes are valid, as RFC 8259 has it. A byte order mark and
    /// nesting beyond `maximumDepth` are not.
    ///
    /// - Parameter text: The text as UTF-8.
    /// - Returns: The offsets of the value without the blanks.
    /// - Throws: `JSONError` saying what is wrong, and where.
    public static func validate(_ text: UnsafeRawBufferPointer) throws(JSONError) -> Range<Int> {
        guard let base = text.baseAddress else { throw JSONError(.emptyText, at: 0) }
        var scanner = JSONScanner(base: base, to: text.count)
        try scanner.refuseByteOrderMark()
        scanner.skipBlanks()
        let start = scanner.position
        try scanner.skipValue()
        let end = scanner.position
        try scanner.expectEnd()
        return start..<end
    }
}
