import ProcessCore

/// The parameters of a query, which a route takes one after the other; what nobody took was a typo.
struct QueryParameters {
    private struct Parameter {
        let name: String
        let value: String
        var isTaken = false
    }

    private var parameters: [Parameter] = []

    /// Splits and decodes a query.
    ///
    /// - Parameter query: What stood behind the `?`, as it was sent; `nil` where nothing did.
    /// - Throws: A problem where percent-encoding is malformed, or does not decode to UTF-8.
    init(_ query: String?) throws(Problem) {
        guard var query, !query.isEmpty else { return }
        let parsed: Result<[Parameter], Problem> = query.withUTF8 { bytes in
            Result { () throws(Problem) in try Self.parse(bytes) }
        }
        self.parameters = try parsed.get()
    }

    private static func parse(_ query: UnsafeBufferPointer<UInt8>) throws(Problem) -> [Parameter] {
        var parameters: [Parameter] = []
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = Self.text(pair[..<end]) else {
                throw .invalidField(
                    String(decoding: pair[..<end], as: UTF8.self), "is not percent-encoded UTF-8")
            }
            guard let value = Self.text(pair[end...].dropFirst()) else {
                throw .invalidField(name, "is not percent-encoded UTF-8")
            }
            parameters.append(Parameter(name: name, value: value))
        }
        return parameters
    }

    private static func text(_ encoded: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        let encoded = UnsafeBufferPointer(rebasing: encoded)
        guard let decoded = PercentEncoding.decode(encoded, plusIsSpace: true) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    /// Takes a parameter that stands once.
    ///
    /// - Parameter name: Its name.
    /// - Returns: Its value, which may be empty; nil where it is absent.
    /// - Throws: A problem where it stands twice.
    mutating func take(_ name: String) throws(Problem) -> String? {
        var value: String?
        for index in self.parameters.indices where self.parameters[index].name == name {
            guard value == nil else { throw .invalidField(name, "must not be given twice") }
            self.parameters[index].isTaken = true
            value = self.parameters[index].value
        }
        return value
    }

    /// Takes a list: repeated, separated by commas, or both.
    ///
    /// - Parameter name: Its name.
    /// - Returns: Its elements in their order, none of them empty; nil where it is absent.
    /// - Throws: A problem where an element is empty.
    mutating func takeList(_ name: String) throws(Problem) -> [String]? {
        var elements: [String] = []
        for index in self.parameters.indices where self.parameters[index].name == name {
            self.parameters[index].isTaken = true
            for element in self.parameters[index].value.split(separator: ",", omittingEmptySubsequences: false) {
                guard !element.isEmpty else { throw .invalidField(name, "must not be empty or hold an empty element") }
                elements.append(String(element))
            }
        }
        return elements.isEmpty ? nil : elements
    }

    /// Takes `true` or `false`.
    ///
    /// - Parameter name: Its name.
    /// - Returns: Which of them; false where it is absent.
    /// - Throws: A problem where it is something else, or stands twice.
    mutating func takeFlag(_ name: String) throws(Problem) -> Bool {
        switch try self.take(name) {
        case nil, "false": return false
        case "true": return true
        default: throw .invalidField(name, "must be true or false")
        }
    }

    /// Takes a whole number.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - least: The smallest that is allowed, 0 or more.
    /// - Returns: The number, or `Int.max` where it is larger than that; nil where it is absent.
    /// - Throws: A problem where it is something else, or stands twice.
    mutating func takeCount(_ name: String, from least: Int = 1) throws(Problem) -> Int? {
        guard let text = try self.take(name) else { return nil }
        // A number below zero is one, too, and only too small.
        if text.hasPrefix("-"), Int(text) != nil { throw .invalidField(name, "must be \(least) or more") }
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw .invalidField(name, "must be a whole number")
        }
        let count = Int(text) ?? .max
        guard count >= least else { throw .invalidField(name, "must be \(least) or more") }
        return count
    }

    /// Takes a length of time.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - zeroAllowed: Whether no time at all is allowed.
    /// - Returns: The duration; nil where it is absent.
    /// - Throws: A problem where it is something else, or stands twice.
    mutating func takeDuration(_ name: String, zeroAllowed: Bool) throws(Problem) -> Duration? {
        guard let text = try self.take(name) else { return nil }
        do {
            return try Duration(parsing: text, zeroAllowed: zeroAllowed)
        } catch {
            // A minus sign is no part of a duration's text, but what was meant is plain.
            let isNegative = text.hasPrefix("-") && (try? Duration(parsing: String(text.dropFirst()))) != nil
            throw .invalidField(name, (isNegative ? DurationError.negative : error).reason)
        }
    }

    /// Takes a time. A `+` in front of an offset that was not encoded, and so became a space, is understood.
    ///
    /// - Parameter name: Its name.
    /// - Returns: The time; nil where it is absent.
    /// - Throws: A problem where it is something else, or stands twice.
    mutating func takeTimestamp(_ name: String) throws(Problem) -> Timestamp? {
        guard let text = try self.take(name) else { return nil }
        let restored = String(
            decoding: text.utf8.map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "+") : $0 }, as: UTF8.self)
        guard let time = Timestamp(rfc3339: restored) else {
            throw .invalidField(name, "must be a time such as 2026-11-08T10:00:00Z")
        }
        return time
    }

    /// Takes every parameter whose name begins with a prefix.
    ///
    /// - Parameter prefix: The prefix, which is left out of the names.
    /// - Returns: The names behind the prefix, and the values, in their order.
    mutating func takeAll(withPrefix prefix: String) -> [(name: String, value: String)] {
        var taken: [(name: String, value: String)] = []
        for index in self.parameters.indices where self.parameters[index].name.hasPrefix(prefix) {
            self.parameters[index].isTaken = true
            let parameter = self.parameters[index]
            taken.append((String(parameter.name.dropFirst(prefix.count)), parameter.value))
        }
        return taken
    }

    /// Checks that every parameter has been taken.
    ///
    /// - Throws: A problem that names the first one that has not been.
    func expectNoMore() throws(Problem) {
        if let parameter = self.parameters.first(where: { !$0.isTaken }) {
            throw .unknownField(parameter.name, "is not a parameter of this path")
        }
    }
}
