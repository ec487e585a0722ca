import Testing

@testable import ProcessService

@Suite("Addresses and sizes of the configuration")
struct AddressConfigurationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var isLoopback: Bool
        var reachableHost: String
        var shown: String? = nil
        var testDescription: String { self.text }
    }

    @Test(
        "an address to listen on knows whether others can reach it, and where this machine does",
        arguments: [
            Case(text: "127.0.0.1:8080", isLoopback: true, reachableHost: "127.0.0.1"),
            Case(text: "127.1.2.3:1", isLoopback: true, reachableHost: "127.1.2.3"),
            Case(text: "localhost:80", isLoopback: true, reachableHost: "127.0.0.1", shown: "127.0.0.1:80"),
            Case(text: "[::1]:80", isLoopback: true, reachableHost: "::1"),
            Case(text: "[0:0:0:0:0:0:0:1]:80", isLoopback: true, reachableHost: "0:0:0:0:0:0:0:1"),
            Case(text: "[::ffff:127.0.0.1]:80", isLoopback: true, reachableHost: "::ffff:127.0.0.1"),
            Case(text: "[::ffff:10.0.0.1]:80", isLoopback: false, reachableHost: "::ffff:10.0.0.1"),
            Case(text: "0.0.0.0:80", isLoopback: false, reachableHost: "127.0.0.1"),
            Case(text: "[::]:80", isLoopback: false, reachableHost: "::1"),
            Case(text: "192.168.0.7:65535", isLoopback: false, reachableHost: "192.168.0.7"),
            Case(text: "[fe80::1]:0", isLoopback: false, reachableHost: "fe80::1"),
        ])
    func listenAddresses(example: Case) throws {
        let address = try #require(ListenAddress(example.text))
        #expect(address.isLoopback == example.isLoopback)
        #expect(address.reachableHost == example.reachableHost)
        #expect(address.description == example.shown ?? example.text)
        #expect(address.isIPv6 == example.text.hasPrefix("["))
    }

    @Test("a URL of the service is read and written with its port, IPv6 in brackets")
    func serviceURLs() throws {
        let table = [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("HTTP://tracker.example/", "http://tracker.example:80"),
            ("http://[::1]:9", "http://[::1]:9"), ("http://[::1]", "http://[::1]:80"),
        ]
        for (text, shown) in table { #expect(try ServiceURL(parsing: text).description == shown) }
    }

    @Test("sizes are bytes, or a number of a binary or decimal unit")
    func sizes() {
        let table: [(String, Int?)] = [
            ("0", 0), ("1048576", 1_048_576), ("1KiB", 1024), ("256KiB", 262_144), ("1MiB", 1_048_576),
            ("2GiB", 2_147_483_648), ("1kB", 1000), ("3MB", 3_000_000), ("1GB", 1_000_000_000), ("", nil), ("KiB", nil),
            ("1B", nil), ("1k", nil), ("1mib", nil), ("1 KiB", nil), ("-1", nil), ("0x10", nil), ("٣", nil),
            ("9223372036854775807", .max), ("9223372036854775808", nil), ("9223372036854775807KiB", nil),
        ]
        for (text, bytes) in table { #expect(ByteCount.parse(text) == bytes, "\(text)") }
    }
}
