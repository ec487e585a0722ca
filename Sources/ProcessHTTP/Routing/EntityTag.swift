internal import ProcessCore

/// Entity tags (RFC 9110, section 8.8.3): the tag of a process is its revision in quotes.
enum EntityTag {
    /// The tag of a revision.
    static func text(of revision: Int64) -> String {
        // Up to 15 bytes Swift keeps a text without allocating memory.
        let capacity = revision < 10_000_000_000_000 ? 15 : 22
        return String(unsafeUninitializedCapacity: capacity) { buffer in
            var end = capacity
            end -= 1
            buffer[end] = UInt8(ascii: "\"")
            var rest = revision.magnitude
            repeat {
                end -= 1
                buffer[end] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            end -= 1
            buffer[end] = UInt8(ascii: "\"")
            let count = capacity - end
            for index in 0..<count { buffer[index] = buffer[end + index] }
            return count
        }
    }

    /// What a list of tags asks for: `*`, or some of them.
    enum Condition: Equatable {
        case any
        case tags([Tag])
    }

    /// One tag of a list.
    struct Tag: Equatable {
        let isWeak: Bool
        /// What stands between the quotes.
        let opaque: String

        /// The revision it is the tag of; nil where it can be none of ours.
        var revision: Int64? {
            guard let revision = Int64(self.opaque), String(revision) == self.opaque else { return nil }
            return revision
        }
    }

    /// Reads `If-Match` or `If-None-Match`.
    ///
    /// - Parameter values: The header fields of that name, which together make one list.
    /// - Returns: What was asked for; nil where it is no list of tags.
    static func condition(_ values: [String]) -> Condition? {
        if values.count == 1, values[0].trimmingBlanks == "*" { return .any }
        var tags: [Tag] = []
        for value in values {
            var rest = Substring(value).utf8
            while let tag = Self.next(&rest) { tags.append(tag) }
            guard rest.isEmpty else { return nil }
        }
        return tags.isEmpty ? nil : .tags(tags)
    }

    /// Whether a client that sent `If-None-Match` has this revision already. Weak tags count; what is no list of tags does not.
    ///
    /// - Parameters:
    ///   - revision: The revision there is.
    ///   - values: The header fields of that name.
    /// - Returns: Whether 304 is the answer.
    static func isKnown(_ revision: Int64, in values: [String]) -> Bool {
        guard let first = values.first else { return false }
        if values.count == 1, first == Self.text(of: revision) { return true }
        switch Self.condition(values) {
        case .any: return true
        case .tags(let tags): return tags.contains { $0.revision == revision }
        case nil: return false
        }
    }

    /// Whether a client that sent `If-None-Match` has what is tagged with some text already.
    ///
    /// - Parameters:
    ///   - opaque: What stands between the tag's quotes.
    ///   - values: The header fields of that name.
    /// - Returns: Whether 304 is the answer.
    static func isKnown(_ opaque: String, in values: [String]) -> Bool {
        switch Self.condition(values) {
        case .any: true
        case .tags(let tags): tags.contains { $0.opaque == opaque }
        case nil: false
        }
    }

    /// Takes a tag and the commas around it. Leaves what it can't read.
    private static func next(_ rest: inout Substring.UTF8View) -> Tag? {
        let comma = UInt8(ascii: ",")
        func isSeparator(_ byte: UInt8) -> Bool { [UInt8(ascii: " "), UInt8(ascii: "\t"), comma].contains(byte) }
        rest = rest.drop(while: isSeparator)
        let isWeak = rest.starts(with: "W/".utf8)
        let quoted = isWeak ? rest.dropFirst(2) : rest
        guard quoted.first == UInt8(ascii: "\"") else { return nil }
        let inner = quoted.dropFirst()
        guard let end = inner.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        let behind = inner[inner.index(after: end)...]
        let next = behind.drop(while: isSeparator)
        guard next.isEmpty || behind[..<next.startIndex].contains(comma) else { return nil }
        rest = next
        return Tag(isWeak: isWeak, opaque: String(Substring(inner[..<end])))
    }
}

extension EntityTag.Condition {
    /// What a change needs, as `If-Match` compares: a weak tag is never equal.
    var precondition: ProcessTransition.Precondition {
        switch self {
        case .any: .exists
        case .tags(let tags): .revision(in: tags.compactMap { $0.isWeak ? nil : $0.revision })
        }
    }
}
