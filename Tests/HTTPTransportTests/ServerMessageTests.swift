import EventLoop
import HTTPTransport
import ProcessHTTP
import Testing

@Suite("HTTPServer, messages", .timeLimit(.minutes(3)))
struct ServerMessageTests {
    @Test("a request reaches the handler and its answer the client, on a connection that stays open")
    func keepAlive() async throws {
        try await withServer { server in
            let connection = try server.connect()
            for index in 0..<3 {
                await connection.send("GET /a/\(index)?b=%20c&d HTTP/1.1\r\nHost: x\r\n\r\n")
                let response = try #require(await connection.response())
                #expect(response.status == 200)
                #expect(response.body == "GET /a/\(index)?b=%20c&d ")
                #expect(response.header("X-Test") == "1")
                #expect(response.header("Server") == "process-tracker/test")
                #expect(response.header("Connection") == nil)
                #expect(response.header("Date")?.hasSuffix("GMT") == true)
            }
        }
    }

    @Test("pipelined requests are answered in their order, however the packets are cut", arguments: [1, 7, 100_000])
    func pipelining(pieceSize: Int) async throws {
        try await withServer { server in
            let connection = try server.connect()
            var text = ""
            for index in 0..<20 {
                let body = String(repeating: "b", count: index * 7)
                text += "POST /\(index) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            }
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                await connection.send(Array(rest.prefix(pieceSize)))
                rest = rest.dropFirst(pieceSize)
            }
            for index in 0..<20 {
                let response = try #require(await connection.response())
                #expect(response.body == "POST /\(index) \(String(repeating: "b", count: index * 7))")
            }
        }
    }

    @Test("a chunked body is put together, and the connection stays usable")
    func chunkedBody() async throws {
        try await withServer { server in
            let connection = try server.connect()
            for _ in 0..<3 {
                await connection.send(
                    "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"
                )
                let response = try #require(await connection.response())
                #expect(response.body == "POST /c abc0123456789")
                #expect(response.header("Transfer-Encoding") == nil)
            }
        }
    }

    @Test("HEAD has the length of the body that GET has, and no body")
    func head() async throws {
        try await withServer { server in
            let connection = try server.connect()
            await connection.send("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = try #require(await connection.response(hasBody: false))
            #expect(head.header("Content-Length") == "8")
            let next = try #require(await connection.response())
            #expect(next.status == 200)
            #expect(next.body == "GET /next ")
        }
    }

    @Test("204 and 304 have neither body nor length, whatever the handler says", arguments: ["/none", "/unmodified"])
    func withoutBody(path: String) async throws {
        try await withServer { server in
            let connection = try server.connect()
            await connection.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try #require(await connection.response())
            #expect(response.status == (path == "/none" ? 204 : 304))
            #expect(response.header("Content-Length") == nil)
            let next = try #require(await connection.response())
            #expect(next.status == 200)
            #expect(next.body == "GET /next ")
        }
    }

    @Test("every method that evhttp knows is the handler's", arguments: HTTPMethod.allCases)
    func methods(method: HTTPMethod) async throws {
        try await withServer { server in
            let connection = try server.connect()
            let target = method == .connect ? "host:1" : "/m"
            await connection.send("\(method.rawValue) \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let rest = await connection.rest()
            #expect(rest.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(method == .head || rest.hasSuffix("\(method.rawValue) \(target) "))
        }
    }

    @Test("Connection: close is honoured and said back; HTTP/1.0 closes unless it asks not to")
    func persistence() async throws {
        try await withServer { server in
            let closing = try server.connect()
            await closing.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: TE, close\r\n\r\n")
            #expect(await closing.rest().contains("\r\nConnection: close\r\n"))

            let old = try server.connect()
            await old.send("GET / HTTP/1.0\r\n\r\n")
            #expect(await old.rest().contains("\r\nConnection: close\r\n"))

            let kept = try server.connect()
            for _ in 0..<2 {
                await kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                #expect(try #require(await kept.response()).header("Connection") == "keep-alive")
            }
        }
    }

    @Test(
        "targets are handed over as they were sent",
        arguments: [
            ("/a%2Fb//c", "/a%2Fb//c "), ("//host/path?x", "//host/path?x "), ("/p?a=1?b#f", "/p?a=1?b "),
            ("http://host:1/p?q", "/p?q "), ("http://host", "/ "), ("*", "* "), ("/?", "/? "),
        ])
    func targets(sent: String, seen: String) async throws {
        try await withServer { server in
            let connection = try server.connect()
            await connection.send("OPTIONS \(sent) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try #require(await connection.response()).body == "OPTIONS \(seen)")
        }
    }

    @Test("a large answer arrives whole at a client that reads it late")
    func largeAnswer() async throws {
        let size = 20 * 1024 * 1024
        let handler = ClosureHandler { _ in HTTPResponse(.ok, body: [UInt8](repeating: 0x61, count: size)) }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let rest = await connection.rest()
            #expect(rest.utf8.count > size)
            #expect(rest.utf8.suffix(size).allSatisfy { $0 == 0x61 })
        }
    }

    @Test("what comes while a request is handled is read behind its answer, however large", arguments: [1, 4_000_000])
    func requestDuringAnother(size: Int) async throws {
        let (begun, finish) = ((0...5).map { _ in Signal() }, (0...5).map { _ in Signal() })
        let handler = ClosureHandler { request in
            let round = Int(request.path.dropFirst()) ?? 0
            begun[round].send()
            await finish[round].wait()
            return HTTPResponse(.ok, body: Array(repeating: UInt8(ascii: "x"), count: size) + Array(request.path.utf8))
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET /0 HTTP/1.1\r\nHost: x\r\n\r\n")
            for round in 0...5 {
                await begun[round].wait()
                if round < 5 { await connection.send("GET /\(round + 1) HTTP/1.1\r\nHost: x\r\n\r\n") }
                finish[round].send()
                #expect(await connection.response()?.body.hasSuffix("x/\(round)") == true)
            }
        }
    }

    @Test("a line break in a header value cannot add a header")
    func headerInjection() async throws {
        let handler = ClosureHandler { _ in
            HTTPResponse(.ok, headers: HTTPHeaders([.init(name: "X-Id", value: "a\r\nX-Evil: 1")]))
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try #require(await connection.response())
            #expect(response.header("X-Evil") == nil)
            #expect(response.header("X-Id") == "a  X-Evil: 1")
        }
    }

    @Test("a hundred connections at once each get their own answers")
    func manyConnections() async throws {
        try await withServer { server in
            try await withThrowingTaskGroup { group in
                for index in 0..<100 {
                    group.addTask {
                        let connection = try server.connect()
                        for round in 0..<10 {
                            await connection.send("GET /\(index)/\(round) HTTP/1.1\r\nHost: x\r\n\r\n")
                            #expect(await connection.response()?.body == "GET /\(index)/\(round) ")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("handlers run on a loop of the server, also after they waited elsewhere")
    func handlersOnLoop() async throws {
        let handler = ClosureHandler { _ in
            let before = EventLoop.current?.name ?? "none"
            await Task.detached {}.value
            let after = EventLoop.current?.name ?? "none"
            return HTTPResponse(.ok, body: Array("\(before) \(after)".utf8))
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let names = try #require(await connection.response()).body.split(separator: " ")
            #expect(names.count == 2 && names[0] == names[1] && names[0].hasPrefix("event-loop-"))
        }
    }
}
