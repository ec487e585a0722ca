import ProcessCore

/// A place in a JSON text, which knows how it was written.
struct JSONNode: Sendable, CustomStringConvertible {
    /// The text; empty where there is nothing.
    let text: String

    init(_ text: String) {
        self.text = text
    }

    var description: String { self.text }
    var exists: Bool { !self.text.isEmpty }
    var isNull: Bool { self.text == "null" }
    var int: Int? { Int(self.text) }

    /// The string that it is; `nil` where it is something else.
    var string: String? {
        var object = Self.wrapped(self.text)
        return try? object?.takeString("x")
    }

    /// The elements of an array.
    var elements: [JSONNode] {
        var object = Self.wrapped(self.text)
        return ((try? object?.takeElements("x")) ?? [])?.map { JSONNode($0.text().description) } ?? []
    }

    /// The members of an object.
    var members: [String: JSONNode] {
        guard var object = try? JSONObject(parsing: Array(self.text.utf8)) else { return [:] }
        return Dictionary(
            object.takeRemaining().map { ($0.name, JSONNode($0.value.text().description)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// A member; an empty node where there is none.
    subscript(name: String) -> JSONNode { self.members[name] ?? JSONNode("") }

    private static func wrapped(_ text: String) -> JSONObject? {
        try? JSONObject(parsing: Array("{\"x\":\(text)}".utf8))
    }
}
