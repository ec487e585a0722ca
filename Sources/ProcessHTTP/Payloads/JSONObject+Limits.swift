internal import ProcessCore

// What the API demands of its fields beyond their kind.
extension JSONObject {
    /// The longest message or reason, in bytes of UTF-8.
    static let maximumMessageLength = 1024

    /// Takes a text of identifier shape.
    mutating func takeIdentifier(
        _ name: StaticString, allowsSlash: Bool = false
    ) throws(JSONFieldError) -> String? {
        guard let value = self.takePresent(name) else { return nil }
        return try value.identifier(allowsSlash: allowsSlash)
    }

    /// Takes a sentence for people, which may be empty.
    mutating func takeMessage(_ name: StaticString) throws(JSONFieldError) -> String? {
        guard let value = self.takePresent(name) else { return nil }
        let message = try value.string()
        guard message.utf8.count <= Self.maximumMessageLength else {
            throw value.error("must not be longer than \(Self.maximumMessageLength) bytes")
        }
        return message
    }

    /// Takes a payload: any JSON as it was sent, `nil` where it is absent or null.
    mutating func takePayload(_ name: StaticString) -> JSONText? { self.takePresent(name)?.text() }

    /// The error for a required field that is not there, once all the others have been taken: where something is left that
    /// nobody knows, it is most likely the required one, misspelt.
    ///
    /// - Parameters:
    ///   - name: The required field.
    ///   - reason: What is wrong, to be read after its name.
    /// - Returns: `unknown` for the first that is left, else `missing`.
    func missing(_ name: StaticString, _ reason: String) -> JSONFieldError {
        do {
            try self.expectNoMore()
        } catch {
            return JSONFieldError(
                .unknown, field: error.field, reason: "\(error.reason), and \(self.path(of: name)) \(reason)")
        }
        return JSONFieldError(.missing, field: self.path(of: name), reason: reason)
    }

    /// Takes how long something is kept.
    mutating func takeRetention(_ name: StaticString) throws(JSONFieldError) -> Retention? {
        try self.takePresent(name)?.retention()
    }
}

extension JSONValue {
    /// A text of identifier shape.
    func identifier(allowsSlash: Bool = false) throws(JSONFieldError) -> String {
        let text = try self.string()
        guard IdentifierShape.matches(text, allowsSlash: allowsSlash) else {
            throw self.error(Self.shapeReason(allowsSlash: allowsSlash))
        }
        return text
    }

    /// What is wrong with a text that has not the shape.
    static func shapeReason(allowsSlash: Bool = false) -> String {
        let slash = allowsSlash ? " /" : ""
        return "must be 1 to 128 of A-Z a-z 0-9 . _ : ~ -\(slash), and not . or .."
    }

    /// How long something is kept.
    func retention() throws(JSONFieldError) -> Retention {
        if self.kind == .string, try self.string() == "forever" { return .forever }
        do {
            return .after(try self.duration(zeroAllowed: true))
        } catch {
            throw self.error("\(error.reason), or \"forever\"")
        }
    }

    /// A number of 0 or more.
    func amount() throws(JSONFieldError) -> Double {
        let number = try self.double()
        guard number >= 0 else { throw self.error("must be 0 or more") }
        return number + 0  // makes -0 a plain 0
    }
}
