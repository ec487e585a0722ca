/// One piece of a process's output as it is kept, such as a token of an answer; never changes once it is there.
public struct StreamChunk: Hashable, Sendable {
    /// Its place: 1 for the first one, and 1 more for each that follows.
    public let index: Int64
    /// What sort of output it is, of identifier shape.
    public let type: String
    /// The output, byte for byte.
    public let data: JSONText

    /// Takes the three parts.
    public init(index: Int64, type: String, data: JSONText) {
        self.index = index
        self.type = type
        self.data = data
    }

    /// The type of the chunk that stands between the output of one attempt and that of the next.
    public static let restartType = "restart"

    /// The types that only the service itself uses.
    public static let reservedTypes: Set<String> = ["done", "error", "gap", "removed", Self.restartType]

    /// How long it is at the most in an answer, in bytes.
    public var byteCount: Int { Self.byteOverhead + self.type.utf8.count + self.data.count }

    /// The bytes around type and data in an answer, with the longest index: `{"index":…,"type":"","data":},`
    package static let byteOverhead = 48

    /// Says that what follows is the output of another attempt.
    ///
    /// - Parameters:
    ///   - index: Its place.
    ///   - attempt: The attempt that begins.
    /// - Returns: A chunk of type `restart`.
    static func restart(index: Int64, attempt: Int) -> StreamChunk {
        StreamChunk(
            index: index, type: Self.restartType, data: JSONText(unchecked: Array("{\"attempt\":\(attempt)}".utf8)))
    }
}

/// One piece of output as its worker brings it, which has no place yet.
public struct StreamOutput: Hashable, Sendable {
    /// What sort of output it is, of identifier shape and none of ``StreamChunk/reservedTypes``.
    public var type: String
    /// The output, byte for byte.
    public var data: JSONText

    /// Takes both parts.
    public init(type: String, data: JSONText) {
        self.type = type
        self.data = data
    }
}
