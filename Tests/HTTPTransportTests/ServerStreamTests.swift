import EventLoop
import HTTPTransport
import ProcessHTTP
import Testing

@Suite("HTTPServer, bodies written piece by piece", .timeLimit(.minutes(3)))
struct ServerStreamTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    /// Streams with a heartbeat that a test never sees, unless it asks for one.
    private func handler(
        heartbeatEvery interval: Duration = .seconds(3600),
        _ write: @escaping @Sendable (any HTTPBodyWriter) async -> Void
    ) -> ClosureHandler {
        ClosureHandler { request in
            guard request.path != "/plain" else { return HTTPResponse(.ok, body: Array("plain".utf8)) }
            return HTTPResponse(
                .ok, stream: HTTPBodyStream(heartbeat: Array(":\n".utf8), every: interval, write: write))
        }
    }

    @Test("each piece is a chunk, and the connection stays for the next request", arguments: [1, 2])
    func chunks(rounds: Int) async throws {
        let handler = handler { writer in
            for piece in ["one", "", "twelve bytes"] { _ = await writer.write(Array(piece.utf8)) }
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            for _ in 0..<rounds {
                await connection.send(Self.get)
                let head = try #require(await connection.bytes(until: "\r\n\r\n"))
                #expect(head.contains("Transfer-Encoding: chunked\r\n"))
                #expect(!head.contains("Content-Length"))
                #expect(await connection.bytes(until: "0\r\n\r\n") == "3\r\none\r\nc\r\ntwelve bytes\r\n0\r\n\r\n")
            }
            await connection.send("GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(await connection.response()?.body == "plain")
            #expect(await connection.rest() == "")
        }
    }

    @Test(
        "HTTP/1.0 gets the bytes as they are, up to the end of the connection",
        arguments: ["", "Connection: keep-alive\r\n"])
    func oldClient(header: String) async throws {
        let handler = handler { writer in _ = await writer.write(Array("one".utf8)) }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.0\r\nHost: x\r\n\(header)\r\n")
            let answer = await connection.rest()
            #expect(answer.hasSuffix("\r\n\r\none"))
            #expect(answer.contains("Connection: close\r\n"))
            #expect(!answer.contains("Transfer-Encoding"))
        }
    }

    @Test("HEAD gets the head alone, and the body is not written")
    func head() async throws {
        let handler = handler { _ in Issue.record("nobody wants this body") }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /plain HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = try #require(await connection.bytes(until: "\r\n\r\n"))
            #expect(head.hasPrefix("HTTP/1.1 200"))
            #expect(!head.contains("Content-Length"))
            #expect(await connection.response()?.body == "plain")
        }
    }

    @Test("while nothing is written the heartbeat is sent, and no time-out ends the answer")
    func heartbeat() async throws {
        let released = Signal()
        let handler = handler(heartbeatEvery: .milliseconds(1)) { writer in
            await released.wait()
            _ = await writer.write(Array("end".utf8))
        }
        let configuration = HTTPServer.Configuration.forTests.with {
            $0.idleTimeout = .milliseconds(20)
            $0.writeTimeout = .milliseconds(20)
        }
        try await withServer(configuration: configuration, handler: handler) { server in
            let connection = try server.connect()
            await connection.send(Self.get)
            for _ in 0..<10 { #expect(await connection.bytes(until: "2\r\n:\n\r\n") != nil) }
            released.send()
            #expect(await connection.bytes(until: "0\r\n\r\n")?.contains("3\r\nend\r\n") == true)
        }
    }

    @Test("when the client goes, the task is cancelled and writing says so", arguments: [true, false])
    func clientGoes(byReset: Bool) async throws {
        let (begun, ended) = (Signal(), Signal())
        let handler = handler { writer in
            _ = await writer.write(Array("one".utf8))
            begun.send()
            await untilCancelled()
            #expect(await !writer.write(Array("two".utf8)))
            ended.send()
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send(Self.get)
            await begun.wait()
            if byReset { connection.reset() } else { connection.end() }
            await ended.wait()
        }
    }

    @Test("when the client goes before the head is sent, the body begins in a task that is cancelled")
    func clientGoesBeforeHead() async throws {
        let (begun, ended) = (Signal(), Signal())
        let handler = ClosureHandler { _ in
            begun.send()
            await untilCancelled()
            return HTTPResponse(
                .ok,
                stream: HTTPBodyStream(heartbeat: [], every: .seconds(3600)) { writer in
                    #expect(Task.isCancelled)
                    #expect(await !writer.write(Array("one".utf8)))
                    ended.send()
                })
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\nPrefer: wait=60\r\n\r\n")
            await begun.wait()
            connection.end()
            await ended.wait()
        }
    }

    @Test("writing in a task of the body's own ends with the body's, too")
    func clientGoesWhileChildWrites() async throws {
        let (begun, ended) = (Signal(), Signal())
        let handler = handler { writer in
            async let written = {
                _ = await writer.write(Array("one".utf8))
                begun.send()
                await untilCancelled()
                return await writer.write(Array("two".utf8))
            }()
            #expect(await !written)
            ended.send()
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send(Self.get)
            await begun.wait()
            connection.end()
            await ended.wait()
        }
    }

    @Test("whoever writes waits for a client that reads slowly, and nothing is lost")
    func slowReader() async throws {
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        let handler = handler { writer in
            for _ in 0..<40 where await !writer.write(piece) { Issue.record("the client is still there") }
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let body = await connection.rest()
            #expect(body.utf8.count { $0 == UInt8(ascii: "x") } == 40 << 20)
            #expect(body.hasSuffix("0\r\n\r\n"))
        }
    }

    @Test("a client that takes nothing is cut off, and whoever writes for it is told")
    func stuckReader() async throws {
        let ended = Signal()
        let handler = handler { writer in
            while await writer.write([UInt8](repeating: 0, count: 1 << 20)) {}
            ended.send()
        }
        let configuration = HTTPServer.Configuration.forTests.with { $0.writeTimeout = .milliseconds(40) }
        try await withServer(configuration: configuration, handler: handler) { server in
            let connection = try server.connect()
            await connection.send(Self.get)
            await ended.wait()
        }
    }

    @Test("a client that goes while a piece waits for it frees everything")
    func goneWhileWaiting() async throws {
        let (full, ended) = (Signal(), Signal())
        let handler = handler { writer in
            full.send()
            while await writer.write([UInt8](repeating: 0, count: 1 << 20)) {}
            ended.send()
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send(Self.get)
            await full.wait()
            connection.reset()
            await ended.wait()
        }
    }

    @Test("a server that stops cuts a body off after its grace")
    func stop() async throws {
        let begun = Signal()
        let handler = handler { writer in
            begun.send()
            await untilCancelled()
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send(Self.get)
            await begun.wait()
            await server.server.stop(grace: .milliseconds(1))
            #expect(await !connection.rest().hasSuffix("0\r\n\r\n"))
        }
    }
}

/// Waits for the end of the task.
private func untilCancelled() async {
    let cancelled = Signal()
    await withTaskCancellationHandler {
        await cancelled.wait()
    } onCancel: {
        cancelled.send()
    }
}
