/// A field of a request that is valid JSON, but not what the field takes.
public struct JSONFieldError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What sort of mistake it is; the API has a code for each.
    public enum Code: Sendable, Hashable {
        /// The value is of the wrong kind, out of range, or malformed.
        case invalid
        /// A field that is required is absent or null.
        case missing
        /// There is no field of that name.
        case unknown
    }

    /// What sort of mistake it is.
    public let code: Code

    /// The field to blame, as a path from the top of the body: `kind`, `error.code`, `queues[1]`; empty for the body itself.
    public let field: String

    /// What is wrong, to be read after the name of the field: "must be a string".
    public let reason: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: What sort of mistake it is.
    ///   - field: The path of the field to blame.
    ///   - reason: What is wrong, to be read after the name of the field.
    public init(_ code: Code = .invalid, field: String, reason: String) {
        self.code = code
        self.field = field
        self.reason = reason
    }

    /// The error for a required field that is absent or null.
    ///
    /// - Parameter field: The path of the field.
    /// - Returns: An error with the code `missing`.
    public static func missing(_ field: String) -> JSONFieldError {
        JSONFieldError(.missing, field: field, reason: "is required")
    }

    /// The error for a field that nothing here knows.
    ///
    /// - Parameter field: The path of the field.
    /// - Returns: An error with the code `unknown`.
    public static func unknown(_ field: String) -> JSONFieldError {
        JSONFieldError(.unknown, field: field, reason: "is not a known field")
    }

    /// The error as a sentence: "kind must be a string".
    public var message: String { self.field.isEmpty ? "the body \(self.reason)" : "\(self.field) \(self.reason)" }

    /// The same as `message`.
    public var description: String { self.message }
}
