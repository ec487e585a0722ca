import EventLoop
import HTTPTransport
import ProcessHTTP
import Testing

@Suite("Listening", .timeLimit(.minutes(3)))
struct ListeningTests {
    @Test("a port in use is an error that says so, however many loops there are", arguments: [1, 2], [1, 2])
    func portInUse(first: Int, second: Int) async throws {
        try await withServer(loops: first) { server in
            let group = try await EventLoopGroup(count: second)
            let error = await #expect(throws: HTTPServerError.self) {
                _ = try await HTTPServer.start(
                    on: server.address, group: group, configuration: .forTests, handler: EchoHandler())
            }
            #expect(error?.code == .addressInUse)
            #expect(error?.description == "Cannot listen on \(server.address): the port is in use")
            await group.shutdown()
        }
    }

    @Test("a port is free again as soon as the server has stopped")
    func portAgain() async throws {
        let group = try await EventLoopGroup(count: 2)
        var address = HostPort(host: "127.0.0.1", port: 0)
        for _ in 0..<3 {
            let server = try await HTTPServer.start(
                on: address, group: group, configuration: .forTests, handler: EchoHandler())
            #expect(server.address.port != 0)
            address = server.address
            let connection = try RawConnection(to: address, loop: group.loops[0])
            await connection.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(await connection.rest().hasPrefix("HTTP/1.1 200"))
            await server.stop()
        }
        await group.shutdown()
    }

    @Test(
        "addresses that cannot be listened on are named",
        arguments: [
            ("192.0.2.1:0", HTTPServerError.Code.addressNotAvailable), ("no-such-host.invalid:0", .unresolvableHost),
        ])
    func badAddresses(text: String, code: HTTPServerError.Code) async throws {
        let group = try await EventLoopGroup(count: 1)
        let address = try #require(HostPort(text))
        let error = await #expect(throws: HTTPServerError.self) {
            _ = try await HTTPServer.start(
                on: address, group: group, configuration: .forTests, handler: EchoHandler())
        }
        #expect(error?.code == code)
        #expect(error?.description.contains(text) == true)
        await group.shutdown()
    }

    @Test("localhost and IPv6 can be listened on", arguments: ["localhost:0", "[::1]:0"])
    func families(text: String) async throws {
        let group = try await EventLoopGroup(count: 2)
        let server = try await HTTPServer.start(
            on: try #require(HostPort(text)), group: group, configuration: .forTests, handler: EchoHandler())
        #expect(server.address.host == (text.hasPrefix("[") ? "::1" : "127.0.0.1"))
        await server.stop()
        await group.shutdown()
    }

    @Test(
        "host and port are read and written in the same form",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65535),
        ])
    func hostPort(text: String, host: String, port: UInt16) throws {
        let parsed = try #require(HostPort(text))
        #expect(parsed == HostPort(host: host, port: port))
        #expect(parsed.description == text)
    }

    @Test(
        "what is no host and port is not taken for one",
        arguments: [
            "", ":", "8080", ":8080", "host", "host:", "host:65536", "host:-1", "host:+1", "host: 1", "::1:80", "[::1]",
            "[]:1",
            "[host]:1", "a b:1", "[::1]:80x",
        ])
    func malformedHostPort(text: String) {
        #expect(HostPort(text) == nil)
    }
}
