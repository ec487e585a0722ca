/// A JSON object whose members a route takes one after the other, such as the body of a request.
///
/// The text is checked in one pass and kept; values are decoded when they are taken. A field that is absent and one that
/// is `null` are the same to every method here, save for `takeText` and `takeValue`, which hand out what was sent.
///
/// ```swift
/// var fields = try JSONObject(parsing: body)
/// let kind = try fields.requireString("kind")
/// let priority = try fields.takeInteger("priority", in: -100...100) ?? 0
/// let input = fields.takeText("input") ?? .null
/// try fields.expectNoMore()
/// ```
public struct JSONObject: Sendable {
    /// What goes in front of the members' names in errors; empty for a body.
    public let path: String

    private let source: [UInt8]
    private var members: [Member] = []

    private struct Member: Sendable {
        let name: ExactName
        let value: Range<Int>
        let kind: JSONKind
        var isTaken = false
    }

    /// An object without members.
    public init() {
        self.source = []
        self.path = ""
    }

    /// Checks a body and finds its members.
    ///
    /// - Parameter body: The text as UTF-8. One that is empty or blank counts as `{}`.
    /// - Throws: `JSONError` where it is no valid JSON, no object, or a name stands twice in it: names are compared as
    ///   decoded, so `"a"` and `"\u0061"` are the same.
    public init(parsing body: [UInt8]) throws(JSONError) {
        self.source = body
        self.path = ""
        self.members = try body.withUnsafeBufferPointer { buffer throws(JSONError) in
            try Self.parseBody(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Finds the members of an object inside a text that has been checked.
    init(members range: Range<Int>, of source: [UInt8], path: String) throws(JSONError) {
        self.source = source
        self.path = path
        self.members = try source.withUnsafeBufferPointer { buffer throws(JSONError) in
            guard let base = buffer.baseAddress else { return [] }
            var scanner = JSONScanner(base: UnsafeRawPointer(base), from: range.lowerBound + 1, to: range.upperBound)
            return try Self.parseMembers(&scanner)
        }
    }

    private static func parseBody(_ body: UnsafeRawBufferPointer) throws(JSONError) -> [Member] {
        guard let base = body.baseAddress else { return [] }
        var scanner = JSONScanner(base: base, to: body.count)
        try scanner.refuseByteOrderMark()
        scanner.skipBlanks()
        if scanner.position == body.count { return [] }
        guard scanner.next == UInt8(ascii: "{") else {
            let value = try JSONValidator.validate(body)
            throw JSONError(.notAnObject(JSONKind(firstByte: scanner.next)), at: value.lowerBound)
        }
        scanner.position += 1
        let members = try Self.parseMembers(&scanner)
        try scanner.expectEnd()
        return members
    }

    /// Reads from behind the opening brace to behind the closing one.
    private static func parseMembers(_ scanner: inout JSONScanner) throws(JSONError) -> [Member] {
        scanner.skipBlanks()
        if scanner.next == UInt8(ascii: "}") {
            scanner.position += 1
            return []
        }
        var members: [Member] = []
        members.reserveCapacity(8)
        var manyNames: Set<ExactName> = []
        var expected = JSONError.Expectation.nameOrObjectEnd
        repeat {
            let nameStart = scanner.position
            let isEscaped = try scanner.skipNameString(expected)
            let quoted = UnsafeRawBufferPointer(start: scanner.base + nameStart, count: scanner.position - nameStart)
            try scanner.skipColon()
            let name: ExactName
            if isEscaped {
                guard let decoded = JSONString.decode(quoted) else { throw JSONError(.loneSurrogate, at: nameStart) }
                name = ExactName(decoded)
            } else {
                name = ExactName(UnsafeRawBufferPointer(rebasing: quoted[1..<(quoted.count - 1)]))
            }

            // Comparing with each is quickest for the few names a request has, and ruinous for the many it may have.
            let isTwin: Bool
            if members.count < 16 {
                isTwin = members.contains { $0.name == name }
            } else {
                if manyNames.isEmpty { manyNames = Set(members.map(\.name)) }
                isTwin = !manyNames.insert(name).inserted
            }
            if isTwin { throw JSONError(.duplicateName(name.text), at: nameStart) }

            let start = scanner.position
            try scanner.skipValue(outerDepth: 1)
            members.append(
                Member(name: name, value: start..<scanner.position, kind: JSONKind(firstByte: scanner[start])))
            expected = .name
        } while try scanner.skipMemberSeparator()
        return members
    }

    /// The number of members, taken ones included.
    public var count: Int { self.members.count }

    /// Whether there are no members at all.
    public var isEmpty: Bool { self.members.isEmpty }

    /// The path of a member, for errors.
    ///
    /// - Parameter name: The name of the member, whether it is there or not.
    /// - Returns: The name with that of the objects around it: `error.code`.
    public func path(of name: some CustomStringConvertible) -> String {
        self.path.isEmpty ? name.description : "\(self.path).\(name)"
    }

    /// Takes a value of any kind, null included.
    ///
    /// - Parameter name: The name of the field.
    /// - Returns: The value, nil where there is none of that name.
    public mutating func takeValue(_ name: StaticString) -> JSONValue? {
        let wanted = ExactName.Start(name)
        guard let index = self.members.firstIndex(where: { $0.name.equals(name, startingLike: wanted) }) else {
            return nil
        }
        self.members[index].isTaken = true
        return self.value(of: self.members[index])
    }

    /// Takes every member that has not been taken, in the order they were sent: for objects such as `metadata` whose names
    /// are up to the caller.
    ///
    /// - Returns: The decoded names and the values.
    public mutating func takeRemaining() -> [(name: String, value: JSONValue)] {
        var remaining: [(name: String, value: JSONValue)] = []
        for index in self.members.indices where !self.members[index].isTaken {
            self.members[index].isTaken = true
            remaining.append((self.members[index].name.text, self.value(of: self.members[index])))
        }
        return remaining
    }

    /// Checks that every member has been taken: a typo must not be lost silently.
    ///
    /// - Throws: `JSONFieldError` with the code `unknown` for the first member that has not been.
    public func expectNoMore() throws(JSONFieldError) {
        if let member = self.members.first(where: { !$0.isTaken }) { throw .unknown(self.path(of: member.name.text)) }
    }

    private func value(of member: Member) -> JSONValue {
        JSONValue(
            kind: member.kind, source: self.source, range: member.value, container: self.path,
            position: .name(member.name.text))
    }
}
