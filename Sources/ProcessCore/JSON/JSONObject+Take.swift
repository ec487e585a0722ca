// What routes take members as. Each method marks the member as taken and blames it where it is no such thing.
extension JSONObject {
    /// Takes a value of any kind except null.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The value, nil where it is absent or null.
    public mutating func takePresent(_ name: StaticString) -> JSONValue? {
        guard let value = self.takeValue(name), !value.isNull else { return nil }
        return value
    }

    /// Takes a payload: any value, as it was sent.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The text, `null` included; nil where the field is absent.
    public mutating func takeText(_ name: StaticString) -> JSONText? { self.takeValue(name)?.text() }

    /// Takes a string.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The string, nil where it is absent or null.
    /// - Throws: `JSONFieldError` where it is no string, or contains half of a surrogate pair.
    public mutating func takeString(_ name: StaticString) throws(JSONFieldError) -> String? {
        try self.takePresent(name)?.string()
    }

    /// Takes a whole number, however it is written.
    ///
    /// - Parameters:
    ///   - name: The name of the field.
    ///   - range: What is allowed.
    /// - Returns: The number, nil where it is absent or null.
    /// - Throws: `JSONFieldError` where it is no number, not whole, or out of range.
    public mutating func takeInteger(
        _ name: StaticString, in range: ClosedRange<Int64> = .min ... .max
    ) throws(JSONFieldError) -> Int64? {
        try self.takePresent(name)?.integer(in: range)
    }

    /// Takes a number.
    ///
    /// - Parameters:
    ///   - name: The name of the field.
    ///   - range: What is allowed.
    /// - Returns: The number, always finite; nil where it is absent or null.
    /// - Throws: `JSONFieldError` where it is no number or out of range.
    public mutating func takeDouble(
        _ name: StaticString,
        in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude ... .greatestFiniteMagnitude
    ) throws(JSONFieldError) -> Double? {
        try self.takePresent(name)?.double(in: range)
    }

    /// Takes `true` or `false`.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: Which of them, nil where it is absent or null.
    /// - Throws: `JSONFieldError` where it is something else.
    public mutating func takeBool(_ name: StaticString) throws(JSONFieldError) -> Bool? {
        try self.takePresent(name)?.bool()
    }

    /// Takes a length of time.
    ///
    /// - Parameters:
    ///   - name: The name of the field.
    ///   - zeroAllowed: Whether no time at all is allowed.
    /// - Returns: The duration, a whole number of milliseconds; nil where it is absent or null.
    /// - Throws: `JSONFieldError` where it is none, negative, zero and that is not allowed, or longer than 100 years.
    public mutating func takeDuration(
        _ name: StaticString, zeroAllowed: Bool = false
    ) throws(JSONFieldError) -> Duration? {
        try self.takePresent(name)?.duration(zeroAllowed: zeroAllowed)
    }

    /// Takes a time.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The time, nil where it is absent or null.
    /// - Throws: `JSONFieldError` where it is none by RFC 3339.
    public mutating func takeTimestamp(_ name: StaticString) throws(JSONFieldError) -> Timestamp? {
        try self.takePresent(name)?.timestamp()
    }

    /// Takes an object.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The object, none of its members taken; nil where it is absent or null.
    /// - Throws: `JSONFieldError` where it is something else, or a name stands twice in it.
    public mutating func takeObject(_ name: StaticString) throws(JSONFieldError) -> JSONObject? {
        try self.takePresent(name)?.object()
    }

    /// Takes an array.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: One value for each element; nil where it is absent or null.
    /// - Throws: `JSONFieldError` where it is something else.
    public mutating func takeElements(_ name: StaticString) throws(JSONFieldError) -> [JSONValue]? {
        try self.takePresent(name)?.elements()
    }

    /// Takes an array of strings.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The strings; nil where it is absent or null.
    /// - Throws: `JSONFieldError` where it is something else, naming the element to blame.
    public mutating func takeStrings(_ name: StaticString) throws(JSONFieldError) -> [String]? {
        guard let elements = try self.takeElements(name) else { return nil }
        var strings: [String] = []
        strings.reserveCapacity(elements.count)
        for element in elements { strings.append(try element.string()) }
        return strings
    }

    /// Takes a value that must be there and not null.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The value.
    /// - Throws: `JSONFieldError` with the code `missing` where it is absent or null.
    public mutating func requireValue(_ name: StaticString) throws(JSONFieldError) -> JSONValue {
        guard let value = self.takePresent(name) else { throw .missing(self.path(of: name)) }
        return value
    }

    /// Takes a payload that must be there; null counts.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The text, `null` included.
    /// - Throws: `JSONFieldError` with the code `missing` where it is absent.
    public mutating func requireText(_ name: StaticString) throws(JSONFieldError) -> JSONText {
        guard let text = self.takeText(name) else { throw .missing(self.path(of: name)) }
        return text
    }

    /// Takes a string that must be there.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The string.
    /// - Throws: `JSONFieldError` where it is absent or null (`missing`), no string, or contains half of a surrogate pair.
    public mutating func requireString(_ name: StaticString) throws(JSONFieldError) -> String {
        try self.requireValue(name).string()
    }

    /// Takes a whole number that must be there.
    ///
    /// - Parameters:
    ///   - name: The name of the field.
    ///   - range: What is allowed.
    /// - Returns: The number.
    /// - Throws: `JSONFieldError` where it is absent or null (`missing`), no number, not whole, or out of range.
    public mutating func requireInteger(
        _ name: StaticString, in range: ClosedRange<Int64> = .min ... .max
    ) throws(JSONFieldError) -> Int64 {
        try self.requireValue(name).integer(in: range)
    }

    /// Takes an object that must be there.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The object, none of its members taken.
    /// - Throws: `JSONFieldError` where it is absent or null (`missing`), no object, or a name stands twice in it.
    public mutating func requireObject(_ name: StaticString) throws(JSONFieldError) -> JSONObject {
        try self.requireValue(name).object()
    }

    /// Takes an array that must be there.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: One value for each element.
    /// - Throws: `JSONFieldError` where it is absent or null (`missing`), or no array.
    public mutating func requireElements(_ name: StaticString) throws(JSONFieldError) -> [JSONValue] {
        try self.requireValue(name).elements()
    }
}
