import EventLoop
import HTTPTransport
import ProcessHTTP
import Testing

@Suite("HTTPServer, time-outs and ends", .timeLimit(.minutes(3)))
struct ServerLifeTests {
    private let quick = HTTPServer.Configuration.forTests.with {
        $0.headTimeout = .milliseconds(40)
        $0.bodyTimeout = .milliseconds(40)
        $0.idleTimeout = .milliseconds(40)
        $0.writeTimeout = .milliseconds(40)
    }

    @Test(
        "a client that is too slow is cut off",
        arguments: [
            "", "GET", "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        ])
    func slowClient(sent: String) async throws {
        try await withServer(configuration: self.quick) { server in
            let connection = try server.connect()
            await connection.send(sent)
            #expect(await connection.rest() == "")
        }
    }

    @Test("sending a byte now and then does not buy more time")
    func slowloris() async throws {
        let configuration = self.quick.with { $0.idleTimeout = .seconds(60) }
        try await withServer(configuration: configuration) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\n")
            // The head grows by a byte for each request that somebody else has answered meanwhile.
            let sending = Task {
                let other = try server.connect()
                while !Task.isCancelled {
                    await connection.send("X")
                    await other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    guard await other.response() != nil else { return }
                }
            }
            #expect(await connection.rest() == "")
            sending.cancel()
            try await sending.value
        }
    }

    @Test("a connection is closed when it stays idle after an answer")
    func idle() async throws {
        try await withServer(configuration: self.quick) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await connection.response()?.status == 200)
            #expect(await connection.rest() == "")
        }
    }

    @Test("a client that does not read its answer is cut off")
    func unreadAnswer() async throws {
        let handler = ClosureHandler { _ in HTTPResponse(.ok, body: [UInt8](repeating: 0, count: 50_000_000)) }
        try await withServer(configuration: self.quick, handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            // The server has let go when nothing is left to wait for.
            await server.server.stop(grace: .seconds(50))
            #expect(await connection.rest().utf8.count < 50_000_000)
        }
    }

    @Test("a handler may take longer than all time-outs")
    func slowHandler() async throws {
        let (begun, released) = (Signal(), Signal())
        let handler = ClosureHandler { _ in
            begun.send()
            await released.wait()
            return HTTPResponse(.ok)
        }
        try await withServer(configuration: self.quick, handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.wait()
            // By then each of the time-outs has passed, several times over, for those it is meant for.
            for sent in ["", "GET", "", "GET"] {
                let slow = try server.connect()
                await slow.send(sent)
                #expect(await slow.rest() == "")
            }
            released.send()
            #expect(await connection.response()?.status == 200)
        }
    }

    @Test(
        "when the client goes, the handler's task is cancelled", arguments: [true, false], ["", "GET / HTTP/1.1\r\n"])
    func cancellation(byReset: Bool, behind more: String) async throws {
        let (begun, cancelled) = (Signal(), Signal())
        let handler = ClosureHandler { _ in
            begun.send()
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                cancelled.send()
            }
            return HTTPResponse(.ok)
        }
        try await withServer(configuration: self.quick, handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.wait()
            await connection.send(more)
            if byReset { connection.reset() } else { connection.end() }
            await cancelled.wait()
        }
    }

    @Test("a client that only ends its sending side still gets an answer")
    func halfClosed() async throws {
        let handler = ClosureHandler { _ in
            try? await Task.sleep(for: .seconds(3600))
            return HTTPResponse(.ok, body: Array("cut short".utf8))
        }
        try await withServer(configuration: self.quick, handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.finishSending()
            #expect(await connection.response()?.body == "cut short")
            #expect(await connection.rest() == "")
        }
    }

    @Test("an answer to a client that has gone harms nobody")
    func answerToNobody() async throws {
        let (begun, go) = (Signal(), Signal())
        let handler = ClosureHandler { request in
            if request.path == "/held" {
                begun.send()
                await go.wait()
            }
            return HTTPResponse(.ok, body: [UInt8](repeating: 0x61, count: 100_000))
        }
        try await withServer(loops: 1, handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.wait()
            connection.reset()
            go.send()
            let other = try server.connect()
            await other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await other.response()?.status == 200)
        }
    }

    @Test("stopping closes idle connections, lets requests finish, and takes no new ones")
    func gracefulStop() async throws {
        let (begun, go) = (Signal(), Signal())
        let handler = ClosureHandler { _ in
            begun.send()
            await go.wait()
            return HTTPResponse(.ok, body: Array("done".utf8))
        }
        try await withServer(handler: handler) { server in
            let idle = try server.connect()
            let busy = try server.connect()
            await busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.wait()
            async let stopped: Void = server.server.stop(grace: .seconds(50))
            #expect(await idle.rest() == "")
            #expect(throws: ConnectionRefused.self) { try server.connect() }
            go.send()
            let response = try #require(await busy.response())
            #expect(response.body == "done")
            #expect(response.header("Connection") == "close")
            #expect(await busy.rest() == "")
            await stopped
        }
    }

    @Test("what is not done when the grace is over is cancelled and cut off")
    func graceIsOver() async throws {
        let (begun, cancelled) = (Signal(), Signal())
        let handler = ClosureHandler { _ in
            begun.send()
            do { try await Task.sleep(for: .seconds(3600)) } catch { cancelled.send() }
            return HTTPResponse(.ok)
        }
        try await withServer(handler: handler) { server in
            let connection = try server.connect()
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.wait()
            await server.server.stop(grace: .milliseconds(10))
            #expect(await connection.rest() == "")
            await cancelled.wait()
            await server.server.stop()
        }
    }
}
