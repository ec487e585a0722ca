internal import ProcessCore

/// The answer of `/openapi.json`: paths and problems from the code itself, schemas from ``OpenAPISchemas``.
enum OpenAPIDocument {
    /// Writes the document.
    ///
    /// - Parameter version: The program's version, which is the document's.
    /// - Returns: The document as JSON.
    static func bytes(version: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 << 10)
        writer.beginObject()
        writer.member("openapi", "3.1.0")
        writer.member("jsonSchemaDialect", "https://spec.openapis.org/oas/3.1/dialect/base")
        writer.name("info")
        writer.beginObject()
        writer.member("title", "process-tracker")
        writer.member("version", version)
        writer.member("summary", "Starts, tracks and cleans up processes that take a while.")
        writer.member(
            "description",
            """
            Every path answers OPTIONS with 204 and Allow. A method that a path lacks is answered 405, a path that there is \
            not 404. Payloads are kept and returned byte for byte. In a body null counts as absent, but for retain.
            """)
        writer.name("license")
        writer.beginObject()
        writer.member("name", "Apache-2.0")
        writer.member("identifier", "Apache-2.0")
        writer.endObject()
        writer.endObject()
        writer.name("servers")
        writer.beginArray()
        writer.beginObject()
        writer.member("url", "/")
        writer.endObject()
        writer.endArray()
        writer.name("tags")
        writer.beginArray()
        for tag in OpenAPIOperation.Tag.allCases {
            writer.beginObject()
            writer.member("name", tag.rawValue)
            writer.endObject()
        }
        writer.endArray()
        writer.name("paths")
        writer.beginObject()
        for route in Route.allCases { Self.write(route, to: &writer) }
        writer.endObject()
        Self.writeComponents(to: &writer)
        writer.endObject()
        return writer.finish()
    }

    private static func write(_ route: Route, to writer: inout JSONWriter) {
        writer.name(escaping: route.template)
        writer.beginObject()
        if route.template.hasSuffix("{id}") {
            writer.name("parameters")
            writer.beginArray()
            Self.writeReference("parameters", "id", to: &writer)
            writer.endArray()
        }
        for method in route.methods {
            writer.name(escaping: method.rawValue.lowercased())
            Self.write(route.operation(method), of: route, as: method, to: &writer)
        }
        writer.endObject()
    }

    private static func write(
        _ operation: OpenAPIOperation, of route: Route, as method: HTTPMethod, to writer: inout JSONWriter
    ) {
        let isHead = method == .head
        writer.beginObject()
        writer.member("operationId", isHead ? "\(operation.id)Head" : operation.id)
        writer.member("summary", isHead ? "Answers the header fields that GET would" : operation.summary)
        writer.member("tags", [operation.tag.rawValue])
        if !operation.parameters.isEmpty {
            writer.name("parameters")
            writer.beginArray()
            for name in operation.parameters { Self.writeReference("parameters", name, to: &writer) }
            writer.endArray()
        }
        if let body = operation.body {
            writer.name("requestBody")
            writer.beginObject()
            writer.member("required", ["Start", "RetainRequest", "ClaimRequest", "Batch", "OutputBody"].contains(body))
            Self.writeContent("application/json", schema: body, to: &writer)
            writer.endObject()
        }
        writer.name("responses")
        writer.beginObject()
        for answer in operation.answers { Self.write(answer, hasBody: !isHead, to: &writer) }
        let problems = Set(operation.problems + route.commonProblems(method))
        for status in Set(problems.map(\.status)).sorted(by: { $0.code < $1.code }) {
            let codes = ProblemCode.allCases.filter { problems.contains($0) && $0.status == status }
            let isHeld = codes.contains { operation.heldProblems.contains($0) }
            Self.write(codes, with: status, isHeld: isHeld, hasBody: !isHead, to: &writer)
        }
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ answer: OpenAPIOperation.Answer, hasBody: Bool, to writer: inout JSONWriter) {
        writer.name(escaping: answer.status.description)
        writer.beginObject()
        writer.member("description", answer.summary)
        Self.writeHeaders(answer.headers, to: &writer)
        if hasBody, answer.schema != nil || answer.mediaType != "application/json" {
            Self.writeContent(
                answer.mediaType, schema: answer.schema, mayBeEvents: answer.mayBeEvents, to: &writer)
        }
        writer.endObject()
    }

    private static func write(
        _ problems: [ProblemCode], with status: HTTPStatus, isHeld: Bool, hasBody: Bool, to writer: inout JSONWriter
    ) {
        writer.name(escaping: status.description)
        writer.beginObject()
        writer.member("description", problems.map { "`\($0.rawValue)`: \($0.title)." }.joined(separator: " "))
        let headers =
            (status == .serviceUnavailable ? ["Retry-After"] : []) + (isHeld ? ["Preference-Applied"] : [])
        Self.writeHeaders(headers, to: &writer)
        if hasBody { Self.writeContent("application/problem+json", schema: "Problem", to: &writer) }
        writer.endObject()
    }

    private static func writeHeaders(_ names: [String], to writer: inout JSONWriter) {
        writer.name("headers")
        writer.beginObject()
        for name in ["X-Request-Id"] + names {
            writer.name(escaping: name)
            Self.writeReference("headers", name, to: &writer)
        }
        writer.endObject()
    }

    private static func writeContent(
        _ mediaType: String, schema: String?, mayBeEvents: Bool = false, to writer: inout JSONWriter
    ) {
        writer.name("content")
        writer.beginObject()
        if mayBeEvents { Self.writeSchema(nil, of: EventStream.mediaType, to: &writer) }
        Self.writeSchema(schema, of: mediaType, to: &writer)
        writer.endObject()
    }

    private static func writeSchema(_ schema: String?, of mediaType: String, to writer: inout JSONWriter) {
        writer.name(escaping: mediaType)
        writer.beginObject()
        writer.name("schema")
        if let schema {
            Self.writeReference("schemas", schema, to: &writer)
        } else {
            writer.beginObject()
            writer.member("type", "string")
            writer.endObject()
        }
        writer.endObject()
    }

    private static func writeReference(_ section: String, _ name: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("$ref", "#/components/\(section)/\(name)")
        writer.endObject()
    }

    private static func writeComponents(to writer: inout JSONWriter) {
        writer.name("components")
        writer.beginObject()
        writer.name("schemas")
        writer.beginObject()
        Self.writeMembers(of: OpenAPISchemas.json, to: &writer)
        writer.name("FieldName")
        writer.beginObject()
        writer.member("enum", ProcessField.allCases.map(\.name.description))
        writer.endObject()
        writer.name("Document")
        writer.beginObject()
        writer.member("type", "object")
        writer.endObject()
        Self.writeProblem(to: &writer)
        writer.endObject()
        writer.name("parameters")
        writer.beginObject()
        Self.writeMembers(of: OpenAPIParameters.json, to: &writer)
        writer.endObject()
        writer.name("headers")
        writer.beginObject()
        Self.writeMembers(of: OpenAPIParameters.headers, to: &writer)
        writer.endObject()
        writer.endObject()
    }

    private static func writeProblem(to writer: inout JSONWriter) {
        writer.name("Problem")
        writer.beginObject()
        writer.member("type", "object")
        writer.member("description", "Why a request was not done (RFC 9457).")
        writer.member("required", ["type", "title", "status", "detail", "code"])
        writer.name("properties")
        writer.beginObject()
        Self.writeMembers(of: OpenAPISchemas.problemMembers, to: &writer)
        writer.name("code")
        writer.beginObject()
        writer.member("description", "The word by which a program tells one problem from another.")
        writer.member("enum", ProblemCode.allCases.map(\.rawValue))
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    /// Writes the members of an object into the one that is open. The text is a constant of ours that tests look at.
    private static func writeMembers(of json: String, to writer: inout JSONWriter) {
        guard var object = try? JSONObject(parsing: Array(json.utf8)) else { return }
        for (name, value) in object.takeRemaining() {
            writer.name(escaping: name)
            writer.value(value.text())
        }
    }
}
