internal import ProcessCore

/// The body of an append: one piece of output, or an array of them.
struct OutputBody {
    /// The output, in the order it was sent.
    private(set) var output: [StreamOutput] = []
    /// The index of the first of them, where one names its index.
    private(set) var firstIndex: Int64?

    /// The most pieces of one request.
    static let maximumCount = 1000

    /// Reads a body.
    ///
    /// - Parameters:
    ///   - body: The body as it was sent.
    ///   - maximumSize: How long the data of one piece may be, in bytes.
    /// - Throws: A problem for the first thing that is not as it should be.
    init(_ body: [UInt8], maximumSize: Int) throws(Problem) {
        if let first = body.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }), first == UInt8(ascii: "[") {
            for (place, element) in try Self.elements(of: body).enumerated() {
                var fields = try ProcessRoutes.reading { () throws(JSONFieldError) in try element.object() }
                try self.take(&fields, at: place, maximumSize: maximumSize)
            }
        } else {
            var fields: JSONObject
            do { fields = try JSONObject(parsing: body) } catch { throw Problem(error) }
            try self.take(&fields, at: 0, maximumSize: maximumSize)
        }
    }

    private static func elements(of body: [UInt8]) throws(Problem) -> [JSONValue] {
        let array: JSONValue
        do { array = try JSONValue(parsing: body) } catch { throw Problem(error) }
        let elements = try ProcessRoutes.reading { () throws(JSONFieldError) in try array.elements() }
        guard (1...Self.maximumCount).contains(elements.count) else {
            throw Problem(.invalidField, "the body must hold 1 to \(Self.maximumCount) chunks")
        }
        return elements
    }

    private mutating func take(_ fields: inout JSONObject, at place: Int, maximumSize: Int) throws(Problem) {
        let data = fields.takeValue("data")
        let (type, index) = try ProcessRoutes.reading { () throws(JSONFieldError) in
            let type = try Self.takeType(from: &fields)
            let index = try self.takeIndex(from: &fields, at: place)
            guard data != nil else {
                throw JSONFieldError(.missing, field: fields.path(of: "data"), reason: "is required: any JSON will do")
            }
            try fields.expectNoMore()
            return (type, index)
        }
        guard let data, data.count <= maximumSize else {
            throw Problem(
                .payloadTooLarge, "\(fields.path(of: "data")) must not be larger than \(maximumSize) bytes",
                field: fields.path(of: "data"))
        }
        self.firstIndex = index
        self.output.append(StreamOutput(type: type, data: data.text()))
    }

    private static func takeType(from fields: inout JSONObject) throws(JSONFieldError) -> String {
        guard let value = fields.takePresent("type") else {
            throw JSONFieldError(
                .missing, field: fields.path(of: "type"), reason: "is required: say what sort of output it is")
        }
        let type = try value.identifier()
        guard !StreamChunk.reservedTypes.contains(type) else {
            let names = StreamChunk.reservedTypes.sorted().joined(separator: ", ")
            throw value.error("must not be one of \(names): the service itself says these")
        }
        return type
    }

    /// The index of the first piece, as this one and those before it have it.
    private func takeIndex(from fields: inout JSONObject, at place: Int) throws(JSONFieldError) -> Int64? {
        guard let value = fields.takePresent("index") else { return self.firstIndex }
        let first = try value.integer(in: (Int64(place) + 1)...Int64.max) - Int64(place)
        guard place == 0 || self.firstIndex == nil || self.firstIndex == first else {
            throw value.error("must follow on that of the chunk before")
        }
        return first
    }
}
