/// The header fields of a message, in their order; names are compared without regard to case (RFC 9110, section 5.1).
public struct HTTPHeaders: Hashable, Sendable {
    /// One header field.
    public struct Field: Hashable, Sendable {
        /// The name as it was sent.
        public var name: String
        /// The value, without the blanks around it.
        public var value: String

        /// Takes a name and a value.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The fields, in their order.
    public private(set) var fields: [Field]

    /// Takes fields in their order.
    public init(_ fields: [Field] = []) {
        self.fields = fields
    }

    /// Adds a field behind the others.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - value: Its value; whoever adds it vouches for that it holds no line break.
    public mutating func add(_ name: String, _ value: String) {
        self.fields.append(Field(name: name, value: value))
    }

    /// The value of the first field of that name, or `nil`.
    public subscript(name: StaticString) -> String? {
        self.fields.first { Self.equal($0.name, name) }?.value
    }

    /// The values of all fields of a name.
    ///
    /// - Parameter name: The name.
    /// - Returns: The values, in their order.
    public func values(of name: StaticString) -> [String] {
        self.fields.compactMap { Self.equal($0.name, name) ? $0.value : nil }
    }

    private static func equal(_ sent: String, _ name: StaticString) -> Bool {
        guard sent.utf8.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { wanted in
            var index = 0
            for byte in sent.utf8 {
                let other = wanted[index]
                if byte != other {
                    // Letters differ in one bit between their cases; other bytes that differ in it are no letters.
                    let lower = byte | 0x20
                    guard lower == other | 0x20, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower) else {
                        return false
                    }
                }
                index += 1
            }
            return true
        }
    }
}
