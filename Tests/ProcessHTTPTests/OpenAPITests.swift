import ProcessCore
import Testing

@testable import ProcessHTTP

@Suite("GET /openapi.json")
struct OpenAPITests {
    private func document() async throws -> JSONTree {
        let response = await TestService().get("/openapi.json")
        try #require(response.status == 200)
        return response.json
    }

    /// Every `$ref` in a tree.
    private func references(in tree: JSONTree) -> [String] {
        switch tree {
        case .object(let members):
            members.flatMap { $0.name == "$ref" ? [$0.value.text ?? ""] : self.references(in: $0.value) }
        case .array(let elements): elements.flatMap { self.references(in: $0) }
        case .null, .bool, .number, .string: []
        }
    }

    @Test("has the paths and the methods of the routes, and no others")
    func paths() async throws {
        let paths = try #require(try await self.document()["paths"])
        #expect(paths.names.sorted() == Route.allCases.map(\.template).sorted())
        for route in Route.allCases {
            let methods = try #require(paths[route.template]).names.filter { $0 != "parameters" }
            #expect(methods == route.methods.map { $0.rawValue.lowercased() })
            for method in methods {
                #expect(paths[route.template]?[method]?["responses"]?.names.isEmpty == false)
            }
        }
    }

    @Test("what routes answer is what is said of them")
    func answers() async throws {
        let paths = try #require(try await self.document()["paths"])
        // Each problem that a test elsewhere provokes is listed with the route that answered it.
        for (route, code) in [
            (Route.start, ProblemCode.processExists), (.start, .idempotencyMismatch), (.start, .processRemoved),
            (.start, .storeFull),
            (.start, .missingField), (.status, .processNotFound), (.status, .corruptRecord),
            (.statusOfMany, .payloadTooLarge),
            (.statusOfMany, .missingField), (.processes, .invalidField), (.cleanup, .forbidden),
            (.progress, .staleAttempt),
            (.complete, .alreadyFinished), (.fail, .preconditionFailed), (.cancel, .alreadyFinished),
            (.cancelled, .invalidTransition),
            (.retry, .invalidTransition), (.retain, .missingField), (.ready, .storeUnavailable),
            (.metrics, .misdirectedRequest), (.stream, .indexConflict), (.stream, .staleAttempt),
        ] {
            let method = route.methods.last { $0 != .head }?.rawValue.lowercased() ?? ""
            let answer = paths[route.template]?[method]?["responses"]?[code.status.description]
            #expect(answer?["description"]?.text?.contains("`\(code.rawValue)`") == true, "\(route) \(code)")
            #expect(answer?["content"]?.names == ["application/problem+json"])
        }
    }

    @Test("problems that may come after a wait say what was applied")
    func heldProblems() async throws {
        let paths = try #require(try await self.document()["paths"])
        for (path, method, held) in [
            ("/status/{id}", "get", ["404", "410", "500", "503"]), ("/claim", "post", ["500", "503", "507"]),
            ("/start", "post", []),
        ] {
            let responses = try #require(paths[path]?[method]?["responses"])
            let saying = responses.names.filter { status in
                status >= "400" && responses[status]?["headers"]?.names.contains("Preference-Applied") == true
            }
            #expect(saying.sorted() == held, "\(path)")
        }
    }

    @Test("lists every code, and nearly every one with a route")
    func codes() async throws {
        let document = try await self.document()
        let listed = document["components"]?["schemas"]?["Problem"]?["properties"]?["code"]?["enum"]?.elements
        #expect(listed == ProblemCode.allCases.map { .string($0.rawValue) })
        let used = Set(
            Route.allCases.flatMap { route in
                route.methods.flatMap { route.operation($0).problems + route.commonProblems($0) }
            })
        #expect(Set(ProblemCode.allCases).subtracting(used) == [.methodNotAllowed])
    }

    @Test("names the members of a process, of a start, of a status as the code has them")
    func members() async throws {
        let schemas = try #require(try await self.document()["components"]?["schemas"])
        let process = await TestService().start("a").json.names
        #expect(schemas["Process"]?["properties"]?.names == process)
        #expect(schemas["FieldName"]?["enum"]?.elements == process.map { .string($0) })
        #expect(schemas["Status"]?["enum"]?.elements == ProcessStatus.allCases.map { .string($0.rawValue) })
        let problem = await TestService().post("/start", "{").json.names
        #expect(Set(problem).isSubset(of: schemas["Problem"]?["properties"]?.names ?? []))
    }

    @Test("every field that a body may have is taken, and refused under another name")
    func bodies() async throws {
        let document = try await self.document()
        let schemas = try #require(document["components"]?["schemas"])
        for route in Route.allCases {
            guard let body = route.operation.body else { continue }
            let names = schemas[body]?["properties"]?.names ?? []
            for name in names {
                let response = await TestService().post(
                    route.template.replacing("{id}", with: "a"), "{\"\(name)\":{\"\":[]}}")
                #expect(response["code"] != "unknown_field" || response["field"]?.text != name, "\(route) \(name)")
                #expect(response["code"] != "invalid_json")
            }
        }
    }

    @Test("refers to nothing that is not there")
    func references() async throws {
        let document = try await self.document()
        let references = self.references(in: document)
        #expect(references.count > 100)
        for reference in Set(references) {
            let target = reference.split(separator: "/").dropFirst().reduce(document as JSONTree?) { $0?[String($1)] }
            #expect(target != nil, "\(reference)")
        }
        for section in ["schemas", "parameters", "headers"] {
            for name in document["components"]?[section]?.names ?? [] {
                #expect(references.contains("#/components/\(section)/\(name)"), "\(section)/\(name) is used by nobody")
            }
        }
    }

    @Test("operations have names of their own")
    func operationIDs() async throws {
        let paths = try #require(try await self.document()["paths"])
        let ids = paths.names.flatMap { path in
            paths[path]?.names.compactMap { paths[path]?[$0]?["operationId"]?.text } ?? []
        }
        #expect(Set(ids).count == ids.count)
        #expect(ids.count == Route.allCases.map(\.methods.count).reduce(0, +))
    }

    @Test("carries the version of the program")
    func version() async throws {
        #expect(try await self.document()["info"]?["version"] == "1.2.3")
        #expect(try await self.document()["openapi"] == "3.1.0")
    }
}
