import EventLoop
import Glibc
import HTTPTransport
import ProcessHTTP
import ProcessTestSupport
import Testing

@Suite("HTTPClient", .timeLimit(.minutes(3)))
struct ClientTests {
    @Test("a request of each method gets its answer, from whatever task it is sent", arguments: HTTPMethod.allCases)
    func methods(method: HTTPMethod) async throws {
        try await withServer { server in
            let client = HTTPClient(server.address, loop: server.clientLoop)
            let body = method == .head || method == .trace ? "" : "some body"
            let request = HTTPRequest(method: method, path: "/a%20b", query: "c=d", body: Array(body.utf8))
            let response = try await client.send(request)
            #expect(response.status == .ok)
            #expect(response.headers["x-test"] == "1")
            let text = String(decoding: response.body, as: UTF8.self)
            #expect(text == (method == .head ? "" : "\(method.rawValue) /a%20b?c=d \(body)"))
            await client.close()
        }
    }

    @Test("a connection is used again; requests at once have one each, and large bodies pass")
    func reuse() async throws {
        try await withServer { server in
            let client = HTTPClient(server.address, loop: server.clientLoop)
            let body = [UInt8](repeating: 0x62, count: 900_000)
            try await withThrowingTaskGroup { group in
                for index in 0..<30 {
                    group.addTask {
                        let request = HTTPRequest(method: .post, path: "/\(index)", body: body)
                        let response = try await client.send(request)
                        #expect(response.body.count == body.count + "POST /\(index) ".utf8.count)
                    }
                }
                try await group.waitForAll()
            }
            await client.close()
        }
    }

    @Test("two requests, one after the other, go through one connection; Host and length are added")
    func sameConnection() async throws {
        try await withRawServer { listener, client in
            let answers = Task {
                let first = try await client.send(HTTPRequest(method: .get, path: "/1"))
                return [first.body, try await client.send(HTTPRequest(method: .post, path: "/2")).body]
            }
            let connection = await listener.accept()
            let first = await connection.requestHead()
            await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
            let second = await connection.requestHead()
            await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")
            #expect(first == "GET /1 HTTP/1.1\r\nHost: \(listener.address)\r\n\r\n")
            #expect(second == "POST /2 HTTP/1.1\r\nHost: \(listener.address)\r\nContent-Length: 0\r\n\r\n")
            let seen = try await answers.value
            #expect(seen == [[0x31], [0x32]])
        }
    }

    @Test("a connection that the server has closed meanwhile is replaced")
    func staleConnection() async throws {
        try await withRawServer { listener, client in
            for index in 0..<3 {
                async let answer = client.send(HTTPRequest(method: .post, path: "/\(index)"))
                let connection = await listener.accept()
                #expect(await connection.requestHead().hasPrefix("POST /\(index) "))
                await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                _ = try await answer
                connection.end()
            }
        }
    }

    @Test(
        "a request that was sent is not repeated when the connection breaks",
        arguments: [
            "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        ])
    func notRepeated(answered: String) async throws {
        try await withRawServer { listener, client in
            let answer = Task { try await client.send(HTTPRequest(method: .get, path: "/")) }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            await connection.send(answered)
            connection.end()
            let error = await #expect(throws: HTTPClientError.self) { _ = try await answer.value }
            #expect(error?.code == .connectionLost)
        }
    }

    @Test(
        "answers in all framings are understood, in pieces of any size", arguments: [1, 5, 1000],
        [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nContent-Length:5\n\nhello", "HTTP/1.0 200 OK\r\n\r\nhello",
        ])
    func framings(pieceSize: Int, text: String) async throws {
        try await withRawServer { listener, client in
            async let answer = client.send(HTTPRequest(method: .get, path: "/"))
            let connection = await listener.accept()
            _ = await connection.requestHead()
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                await connection.send(Array(rest.prefix(pieceSize)))
                rest = rest.dropFirst(pieceSize)
            }
            connection.finishSending()
            let seen = try await answer.body
            #expect(seen == Array("hello".utf8))
        }
    }

    @Test(
        "what is no HTTP is an error that says so",
        arguments: [
            "SSH-2.0-nonsense\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
        ])
    func malformed(text: String) async throws {
        try await withRawServer { listener, client in
            let answer = Task { try await client.send(HTTPRequest(method: .get, path: "/")) }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            await connection.send(text)
            let error = await #expect(throws: HTTPClientError.self) { _ = try await answer.value }
            #expect(error?.code == .malformedResponse)
        }
    }

    @Test("an answer that comes before the body was read is the answer")
    func earlyAnswer() async throws {
        let configuration = HTTPServer.Configuration.forTests.with { $0.maximumBodySize = 1000 }
        try await withServer(configuration: configuration) { server in
            let client = HTTPClient(server.address, loop: server.clientLoop)
            for _ in 0..<3 {
                let request = HTTPRequest(method: .post, path: "/", body: [UInt8](repeating: 0x62, count: 3_000_000))
                let seen = try await client.send(request).status
                #expect(seen == .contentTooLarge)
            }
            await client.close()
        }
    }

    @Test("where nobody listens, or no such host is, the error says so")
    func unreachable() async throws {
        let loop = try EventLoop()
        let address = try RawListener(loop: loop).address
        let refused = HTTPClient(address, loop: loop)
        let error = await #expect(throws: HTTPClientError.self) {
            _ = try await refused.send(HTTPRequest(method: .get, path: "/"))
        }
        #expect(error?.code == .connectionRefused)
        #expect(error?.description == "Cannot reach \(address): nobody listens there")

        let unknown = HTTPClient(HostPort(host: "no-such-host.invalid", port: 1), loop: loop)
        let other = await #expect(throws: HTTPClientError.self) {
            _ = try await unknown.send(HTTPRequest(method: .get, path: "/"))
        }
        #expect(other?.code == .unresolvableHost)
        await loop.shutdown()
    }

    @Test("no answer in time is an error, and the connection is not used again")
    func timeOut() async throws {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .milliseconds(30)
        try await withRawServer(configuration: configuration) { listener, client in
            let error = await #expect(throws: HTTPClientError.self) {
                _ = try await client.send(HTTPRequest(method: .get, path: "/"))
            }
            #expect(error?.code == .timedOut)
            let connection = await listener.accept()
            _ = await connection.requestHead()
            #expect(await connection.rest() == "")
        }
    }

    @Test("a connection that is not made in time is no answer out of time: nothing was sent")
    func connectTimeOut() async throws {
        // Once the queue of a listener that accepts nothing is full, Linux lets whoever connects wait.
        let listener = try LoopbackListener()
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = listener.port.bigEndian
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let waiting = (0..<40).map { _ in socket(AF_INET, kind, 0) }
        defer { for descriptor in waiting { close(descriptor) } }
        for descriptor in waiting {
            _ = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        let loop = try EventLoop()
        var configuration = HTTPClient.Configuration()
        configuration.connectTimeout = .milliseconds(100)
        let client = HTTPClient(
            HostPort(host: "127.0.0.1", port: listener.port), loop: loop, configuration: configuration)
        let error = await #expect(throws: HTTPClientError.self) {
            _ = try await client.send(HTTPRequest(method: .get, path: "/"))
        }
        #expect(error?.code == .cannotConnect)
        await loop.shutdown()
    }

    @Test("a cancelled task gets an error at once, and the server sees the client go")
    func cancellation() async throws {
        try await withRawServer { listener, client in
            let task = Task { try await client.send(HTTPRequest(method: .get, path: "/")) }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            task.cancel()
            let error = await #expect(throws: HTTPClientError.self) { _ = try await task.value }
            #expect(error?.code == .cancelled)
            #expect(await connection.rest() == "")
        }
    }
}

/// Runs a test with a client and a server that answers what the test says.
func withRawServer(
    configuration: HTTPClient.Configuration = HTTPClient.Configuration(),
    _ body: (RawListener, HTTPClient) async throws -> Void
) async throws {
    let loop = try EventLoop()
    do {
        let listener = try RawListener(loop: loop)
        let client = HTTPClient(listener.address, loop: loop, configuration: configuration)
        try await body(listener, client)
        await client.close()
    } catch {
        await loop.shutdown()
        throw error
    }
    await loop.shutdown()
}
