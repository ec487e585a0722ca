/// One value beside a log message.
///
/// A text is written with interpolation, `"\(error)"`; a number passed as `.integer(count)` stays one in JSON lines.
public enum LogValue: Hashable, Sendable {
    /// A text.
    case text(String)
    /// A whole number.
    case integer(Int64)
    /// Yes or no.
    case boolean(Bool)

    /// A whole number of the usual type.
    ///
    /// - Parameter number: The number.
    /// - Returns: The value.
    public static func integer(_ number: Int) -> LogValue { .integer(Int64(number)) }
}

extension LogValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }

    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }

    /// Yes or no.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}

extension LogValue: CustomStringConvertible {
    /// The value as text.
    public var description: String {
        switch self {
        case .text(let text): text
        case .integer(let number): "\(number)"
        case .boolean(let flag): flag ? "true" : "false"
        }
    }
}

/// The names and values beside a log message, in the order given. Each name occurs once: a later value replaces an earlier.
public struct LogMetadata: Sendable {
    /// The names and values.
    public private(set) var entries: [(name: String, value: LogValue)] = []

    /// Nothing beside the message.
    public init() {}

    /// The value under a name; setting nil removes it.
    ///
    /// - Parameter name: The name.
    public subscript(_ name: String) -> LogValue? {
        get { self.entries.first { $0.name == name }?.value }
        set {
            let index = self.entries.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): self.entries[index].value = value
            case (let index?, nil): self.entries.remove(at: index)
            case (nil, let value?): self.entries.append((name, value))
            case (nil, nil): break
            }
        }
    }

    /// Adds entries; where a name is there already, its value is replaced.
    ///
    /// - Parameter other: The entries to add.
    public mutating func merge(_ other: LogMetadata) {
        for (name, value) in other.entries { self[name] = value }
    }
}

extension LogMetadata: ExpressibleByDictionaryLiteral {
    /// The names and values of a literal.
    public init(dictionaryLiteral elements: (String, LogValue)...) {
        for (name, value) in elements { self[name] = value }
    }
}
