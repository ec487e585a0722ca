import ProcessCore

/// A JSON text read into a tree, so that a test can look at any place of an answer.
indirect enum JSONTree: Equatable, ExpressibleByStringLiteral, ExpressibleByNilLiteral, ExpressibleByBooleanLiteral {
    case null
    case bool(Bool)
    /// The number as it is written.
    case number(String)
    case string(String)
    case array([JSONTree])
    case object([Member])

    struct Member: Equatable {
        let name: String
        let value: JSONTree
    }

    init(stringLiteral value: String) { self = .string(value) }
    init(nilLiteral: ()) { self = .null }
    init(booleanLiteral value: Bool) { self = .bool(value) }

    init(_ bytes: [UInt8]) throws {
        var object = try JSONObject(parsing: Array("{\"x\":".utf8) + bytes + Array("}".utf8))
        self = try JSONTree(object.requireValueOrNull("x"))
    }

    private init(_ value: JSONValue) throws {
        switch value.kind {
        case .null: self = .null
        case .bool: self = .bool(try value.bool())
        case .number: self = .number(value.text().description)
        case .string: self = .string(try value.string())
        case .array: self = .array(try value.elements().map(JSONTree.init))
        case .object:
            var object = try value.object()
            self = .object(
                try object.takeRemaining().map { Member(name: $0.name, value: try JSONTree($0.value)) })
        }
    }

    /// The names of an object's members, in their order.
    var names: [String] {
        guard case .object(let members) = self else { return [] }
        return members.map(\.name)
    }

    /// The elements of an array.
    var elements: [JSONTree] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    var number: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }

    /// A member; nil where there is none of that name.
    subscript(name: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}

extension JSONTree: ExpressibleByIntegerLiteral {
    init(integerLiteral value: Int) { self = .number("\(value)") }
}

extension JSONObject {
    fileprivate mutating func requireValueOrNull(_ name: StaticString) throws -> JSONValue {
        guard let value = self.takeValue(name) else { throw JSONError(.emptyText, at: 0) }
        return value
    }
}
