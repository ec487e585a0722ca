internal import ProcessHTTP

/// Writes requests as HTTP/1.1.
enum RequestEncoder {
    static func encode(_ request: HTTPRequest, to address: HostPort) -> [UInt8] {
        var writer = ByteWriter(capacity: 512 + request.body.count)
        writer.writeLine(request.method.rawValue)
        writer.write(" ")
        writer.writeLine(request.path)
        if let query = request.query {
            writer.write("?")
            writer.writeLine(query)
        }
        writer.write(" HTTP/1.1\r\n")
        if request.headers["Host"] == nil {
            writer.write("Host: ")
            writer.writeLine(address.description)
            writer.write("\r\n")
        }
        for field in request.headers.fields {
            writer.writeLine(field.name)
            writer.write(": ")
            writer.writeLine(field.value)
            writer.write("\r\n")
        }
        let isBodyExpected = request.method == .post || request.method == .put || request.method == .patch
        if request.headers["Content-Length"] == nil, isBodyExpected || !request.body.isEmpty {
            writer.write("Content-Length: ")
            writer.write(decimal: request.body.count)
            writer.write("\r\n")
        }
        writer.write("\r\n")
        writer.write(request.body)
        return Array(writer.bytes)
    }
}
