import EventLoop
import HTTPTransport
import ProcessHTTP
import Testing

@Suite("HTTPClient, answers read piece by piece", .timeLimit(.minutes(3)))
struct ClientStreamTests {
    private static let request = HTTPRequest(method: .get, path: "/events")
    private static let chunked =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    @Test("each piece is there as soon as it was sent, long before the end")
    func pieces() async throws {
        try await withRawServer { listener, client in
            let opened = Task { try await client.stream(Self.request, longestSilence: .seconds(45)) }
            let connection = await listener.accept()
            #expect(await connection.requestHead().hasPrefix("GET /events HTTP/1.1\r\n"))
            await connection.send(Self.chunked)
            let stream = try await opened.value
            #expect(stream.response.status == .ok)
            #expect(stream.response.headers["content-type"] == "text/event-stream")
            #expect(stream.response.body == [])
            for text in ["first", "second", "third"] {
                await connection.send("\(text.utf8.count)\r\n\(text)\r\n")
                #expect(try await stream.next() == Array(text.utf8))
            }
            await connection.send("0\r\n\r\n")
            #expect(try await stream.next() == nil)
            #expect(try await stream.next() == nil)
            #expect(await connection.rest() == "")
        }
    }

    @Test(
        "nothing of the body is lost in any framing, in pieces of any size", arguments: [1, 3, 7, 1000],
        [
            Self.chunked + "2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello", "HTTP/1.0 200 OK\n\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        ])
    func framings(pieceSize: Int, text: String) async throws {
        try await withRawServer { listener, client in
            let reader = Task {
                let stream = try await client.stream(Self.request, longestSilence: .seconds(45))
                return try await stream.all()
            }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                await connection.send(Array(rest.prefix(pieceSize)))
                rest = rest.dropFirst(pieceSize)
            }
            connection.finishSending()
            let body = try await reader.value
            #expect(body == Array("hello".utf8))
        }
    }

    @Test("an answer that says no is there as a whole", arguments: [404, 503])
    func refusal(status: Int) async throws {
        try await withRawServer { listener, client in
            let opened = Task { try await client.stream(Self.request, longestSilence: .seconds(45)) }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            await connection.send("HTTP/1.1 \(status) No\r\nContent-Length: 11\r\n\r\n{\"code\"")
            await connection.send(":1}\n")
            let stream = try await opened.value
            #expect(stream.response.status.code == status)
            #expect(stream.response.body == Array("{\"code\":1}\n".utf8))
            #expect(try await stream.next() == nil)
        }
    }

    @Test(
        "a body that breaks off is an error, behind all that came before it",
        arguments: ["5\r\nhello\r\n", "5\r\nhello\r\n3\r\n"])
    func brokenOff(sent: String) async throws {
        try await withRawServer { listener, client in
            let opened = Task { try await client.stream(Self.request, longestSilence: .seconds(45)) }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            await connection.send(Self.chunked + sent)
            let stream = try await opened.value
            #expect(try await stream.next() == Array("hello".utf8))
            connection.end()
            for _ in 1...2 {
                let error = await #expect(throws: HTTPClientError.self) { _ = try await stream.next() }
                #expect(error?.code == .connectionLost)
            }
        }
    }

    @Test("what is no HTTP, in the head or in the body, is an error that says so")
    func malformed() async throws {
        try await withRawServer { listener, client in
            let refused = Task { try await client.stream(Self.request, longestSilence: .seconds(45)) }
            let first = await listener.accept()
            _ = await first.requestHead()
            await first.send("SSH-2.0-nonsense\r\n\r\n")
            let error = await #expect(throws: HTTPClientError.self) { _ = try await refused.value }
            #expect(error?.code == .malformedResponse)
            #expect(await first.rest() == "")

            let opened = Task { try await client.stream(Self.request, longestSilence: .seconds(45)) }
            let second = await listener.accept()
            _ = await second.requestHead()
            await second.send(Self.chunked)
            let stream = try await opened.value
            await second.send("no size\r\n")
            let other = await #expect(throws: HTTPClientError.self) { _ = try await stream.next() }
            #expect(other?.code == .malformedResponse)
            #expect(await second.rest() == "")
        }
    }

    @Test("silence is a lost connection, whether the answer has begun or not", arguments: ["", Self.chunked])
    func silence(sent: String) async throws {
        try await withRawServer { listener, client in
            let reader = Task {
                let stream = try await client.stream(Self.request, longestSilence: .milliseconds(200))
                return try await stream.next()
            }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            await connection.send(sent)
            let error = await #expect(throws: HTTPClientError.self) { _ = try await reader.value }
            #expect(error?.code == .timedOut)
            #expect(await connection.rest() == "")
        }
    }

    @Test("the time-out of whole answers does not hold")
    func timeOut() async throws {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .zero
        try await withRawServer(configuration: configuration) { listener, client in
            let opened = Task { try await client.stream(Self.request, longestSilence: .seconds(45)) }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            await connection.send(Self.chunked + "2\r\nhi\r\n")
            let stream = try await opened.value
            #expect(try await stream.next() == Array("hi".utf8))
        }
    }

    @Test("a cancelled reader gets an error at once, and the server sees it go", arguments: [false, true])
    func cancellation(hasBegun: Bool) async throws {
        try await withRawServer { listener, client in
            let reader = Task {
                let stream = try await client.stream(Self.request, longestSilence: .seconds(45))
                return try await stream.next()
            }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            if hasBegun { await connection.send(Self.chunked) }
            reader.cancel()
            let error = await #expect(throws: HTTPClientError.self) { _ = try await reader.value }
            #expect(error?.code == .cancelled)
            #expect(await connection.rest() == "")
        }
    }

    @Test("the server sees a reader go that closes, or lets go of the answer", arguments: [false, true])
    func closing(explicitly: Bool) async throws {
        try await withRawServer { listener, client in
            let opened = Task {
                let stream = try await client.stream(Self.request, longestSilence: .seconds(45))
                if explicitly {
                    stream.close()
                    await #expect(throws: HTTPClientError.self) { _ = try await stream.next() }
                }
            }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            await connection.send(Self.chunked)
            try await opened.value
            #expect(await connection.rest() == "")
        }
    }

    @Test("a piece may be larger than what is read at once, and the body larger than the largest whole one")
    func large() async throws {
        var configuration = HTTPClient.Configuration()
        configuration.maximumBodySize = 300_000
        try await withRawServer(configuration: configuration) { listener, client in
            let reader = Task {
                try await client.stream(Self.request, longestSilence: .seconds(45)).all().count
            }
            let connection = await listener.accept()
            _ = await connection.requestHead()
            await connection.send(Self.chunked)
            for _ in 1...5 {
                await connection.send("30d40\r\n")
                await connection.send([UInt8](repeating: 0x78, count: 200_000))
                await connection.send("\r\n")
            }
            await connection.send("0\r\n\r\n")
            let count = try await reader.value
            #expect(count == 1_000_000)
        }
    }
}

extension HTTPResponseStream {
    /// The whole body.
    fileprivate func all() async throws -> [UInt8] {
        var body: [UInt8] = []
        while let piece = try await self.next() { body += piece }
        return body
    }
}
