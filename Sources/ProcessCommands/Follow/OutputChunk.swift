internal import ProcessCore

/// One piece of a process's output, or of what the tracker says in between.
struct OutputChunk: Sendable {
    /// Its place; nil for what has none, such as the end.
    var index: Int64?
    /// What sort of output it is.
    var type: String
    /// The output.
    var data: JSONValue

    /// Reads an event of the stream.
    ///
    /// - Parameter event: The event.
    /// - Throws: `TrackerFailure.unintelligible` where its data is no JSON.
    init(_ event: ServerSentEvent) throws(TrackerFailure) {
        // An event without an id of its own still has that of the one before.
        let isEnd = event.name == "done" || event.name == "error"
        self.index = isEnd ? nil : Int64(event.lastEventID)
        self.type = event.name
        self.data = try Answer.read([UInt8](#"{"data":"#.utf8) + event.data + [UInt8(ascii: "}")]) {
            fields throws(JSONFieldError) in try Self.takeData(&fields)
        }
    }

    /// Reads an element of a page.
    init(_ value: JSONValue) throws(JSONFieldError) {
        var fields = try value.object()
        self.index = try fields.requireInteger("index")
        self.type = try fields.requireString("type")
        self.data = try Self.takeData(&fields)
    }

    /// Null is output like any other.
    private static func takeData(_ fields: inout JSONObject) throws(JSONFieldError) -> JSONValue {
        if let data = fields.takeValue("data") { return data }
        return try fields.requireValue("data")
    }
}
