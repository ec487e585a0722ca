/// A text that must never be shown: a password, for instance.
///
/// Its description, its reflection and its interpolation into a string say `<redacted>`, so that a secret inside a
/// configuration that is logged, printed or dumped stays one. The text itself comes out by `exposed` alone, which is easy
/// to find in a review.
public struct Secret: Hashable, Sendable {
    /// The text itself. Only for handing it to whom it is meant for.
    public let exposed: String

    /// What is shown in place of every secret.
    public static let placeholder = "<redacted>"

    /// Wraps a text that must not be shown.
    ///
    /// - Parameter text: The secret.
    public init(_ text: String) {
        self.exposed = text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<redacted>`.
    public var description: String { Self.placeholder }

    /// `<redacted>`.
    public var debugDescription: String { Self.placeholder }

    /// A mirror without children: `dump` and test failures print through it.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
