/// Puts server-sent events together from bytes as they arrive, in pieces of any size (WHATWG HTML, section 9.2).
struct ServerSentEventParser: Sendable {
    /// One event is larger than is taken.
    struct TooLarge: Error {}

    /// The last id that the stream has named. It outlives a connection: the next one is to begin behind it.
    private(set) var lastEventID = ""
    /// How long to wait before connecting again, where the stream has said so.
    private(set) var retry: Duration?

    private let maximumEventSize: Int
    private var line: [UInt8] = []
    private var isFirstLine = true
    private var endedWithReturn = false
    private var name: [UInt8] = []
    private var data: [UInt8] = []
    private var id = ""

    /// A parser that has seen nothing.
    ///
    /// - Parameter maximumEventSize: The most to keep of an event that is not complete, in bytes.
    init(maximumEventSize: Int = 64 * 1024 * 1024) {
        self.maximumEventSize = maximumEventSize
    }

    /// A new connection begins: what the last one left incomplete is dropped.
    mutating func reset() {
        self.line = []
        self.isFirstLine = true
        self.endedWithReturn = false
        self.name = []
        self.data = []
        self.id = self.lastEventID
    }

    /// Takes in what has arrived.
    ///
    /// - Parameter bytes: The next bytes of the stream.
    /// - Returns: The events that are complete now. One without an empty line behind it never is.
    /// - Throws: `TooLarge` where an event gets larger than is taken.
    mutating func receive(_ bytes: [UInt8]) throws(TooLarge) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        var rest = bytes[...]
        // A line feed behind a carriage return belongs to it, also where it comes much later.
        if self.endedWithReturn, rest.first == 0x0A { rest.removeFirst() }
        if !bytes.isEmpty { self.endedWithReturn = false }
        while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            try self.append(rest[..<end])
            if let event = self.endLine() { events.append(event) }
            let isReturn = rest[end] == 0x0D
            rest = rest[(end + 1)...]
            if isReturn, rest.isEmpty { self.endedWithReturn = true }
            if isReturn, rest.first == 0x0A { rest.removeFirst() }
        }
        try self.append(rest)
        return events
    }

    private mutating func append(_ piece: ArraySlice<UInt8>) throws(TooLarge) {
        guard self.line.count + self.data.count + piece.count <= self.maximumEventSize else { throw TooLarge() }
        self.line += piece
    }

    /// A line is complete: a field, a comment, or the end of an event.
    private mutating func endLine() -> ServerSentEvent? {
        defer { self.line.removeAll(keepingCapacity: true) }
        var line = self.line[...]
        if self.isFirstLine, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
        self.isFirstLine = false
        if line.isEmpty { return self.endEvent() }
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        var value = colon.map { line[($0 + 1)...] } ?? []
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        switch String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self) {
        case "event": self.name = Array(value)
        case "data": self.data += value + [0x0A]
        case "id": if !value.contains(0) { self.id = String(decoding: value, as: UTF8.self) }
        case "retry":
            if !value.isEmpty, value.allSatisfy({ (0x30...0x39).contains($0) }),
                let milliseconds = Int32(String(decoding: value, as: UTF8.self))
            {
                self.retry = .milliseconds(milliseconds)
            }
        default: break  // A comment, whose name is empty, or something newer than this program.
        }
        return nil
    }

    private mutating func endEvent() -> ServerSentEvent? {
        defer {
            self.name = []
            self.data = []
        }
        self.lastEventID = self.id
        guard !self.data.isEmpty else { return nil }
        let name = self.name.isEmpty ? "message" : String(decoding: self.name, as: UTF8.self)
        return ServerSentEvent(name: name, lastEventID: self.lastEventID, data: Array(self.data.dropLast()))
    }
}
