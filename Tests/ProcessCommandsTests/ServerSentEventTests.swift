import Testing

@testable import ProcessCommands

@Suite("Server-sent events")
struct ServerSentEventTests {
    private static func event(_ data: String, _ name: String = "message", id: String = "") -> ServerSentEvent {
        ServerSentEvent(name: name, lastEventID: id, data: Array(data.utf8))
    }

    private static func parse(_ text: String) throws -> [ServerSentEvent] {
        var parser = ServerSentEventParser()
        return try parser.receive(Array(text.utf8))
    }

    private static let streams: [(text: String, events: [ServerSentEvent])] = [
        ("data: a\n\n", [event("a")]),
        ("data:a\r\rdata:  b\r\n\r\n", [event("a"), event(" b")]),
        ("\u{FEFF}event: x\nid: 7\ndata: a\ndata\ndata: b\n\n", [event("a\n\nb", "x", id: "7")]),
        (": comment\r\n:\ndata: ü€😀\r\n\n", [event("ü€😀")]),
        ("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", [event("a", id: "1"), event("b", id: "1"), event("c")]),
        ("event: x\ndata: a\r\r\ndata: b\n\n", [event("a", "x"), event("b")]),
        ("retry: 2000\n\n:\n\nevent: process\nid: 3\ndata: {}\n\n", [event("{}", "process", id: "3")]),
        ("id: 3\r\nevent: x\r\ndata: a\r\ndata: b\r\n\r\n", [event("a\nb", "x", id: "3")]),
        ("data: a\n\n\r\n\rdata: b\r\n\r\n", [event("a"), event("b")]),
    ]

    @Test("events are the same however the stream is split", arguments: Self.streams.indices)
    func splits(index: Int) throws {
        let (text, events) = Self.streams[index]
        let bytes = Array(text.utf8)
        #expect(try Self.parse(text) == events)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var parser = ServerSentEventParser()
                var seen = try parser.receive(Array(bytes[..<first]))
                seen += try parser.receive([])
                seen += try parser.receive(Array(bytes[first..<second]))
                seen += try parser.receive(Array(bytes[second...]))
                #expect(seen == events, "split at \(first) and \(second)")
            }
        }
        var parser = ServerSentEventParser()
        #expect(try bytes.flatMap { try parser.receive([$0]) } == events)
    }

    @Test("an event is there with the byte that completes it, and never without its empty line")
    func completion() throws {
        var parser = ServerSentEventParser()
        #expect(try parser.receive(Array("data: a\n".utf8)) == [])
        #expect(try parser.receive(Array("\n".utf8)) == [Self.event("a")])
        #expect(try parser.receive(Array("data: b\r".utf8)) == [])
        #expect(try parser.receive(Array("\r".utf8)) == [Self.event("b")])
        // The line feed belongs to the carriage return before: it ends no other line.
        #expect(try parser.receive(Array("\ndata: c".utf8)) == [])
        #expect(try parser.receive(Array("\n".utf8)) == [])
    }

    @Test("fields are what the standard says, and what it does not name is passed over")
    func fields() throws {
        #expect(try Self.parse("event: x\n\n") == [])
        #expect(try Self.parse("event: x\n\ndata: a\n\n") == [Self.event("a")])
        #expect(try Self.parse("data\n\n") == [Self.event("")])
        #expect(try Self.parse("data\ndata\n\n") == [Self.event("\n")])
        #expect(try Self.parse("event:\ndata:a\n\n") == [Self.event("a")])
        #expect(try Self.parse("event: x\nevent: y\ndata:a\n\n") == [Self.event("a", "y")])
        #expect(try Self.parse("Data: a\n data: b\ndataset: c\nfoo\n\n") == [])
        #expect(try Self.parse("data: a: b\n\n") == [Self.event("a: b")])
        #expect(try Self.parse("id: 1\u{0}2\ndata: a\n\n") == [Self.event("a")])
        #expect(try Self.parse("\n\u{FEFF}data: a\n\n") == [])
    }

    @Test("an id counts once its event has ended, and also where that has no data")
    func ids() throws {
        var parser = ServerSentEventParser()
        _ = try parser.receive(Array("id: 5\n".utf8))
        #expect(parser.lastEventID == "")
        _ = try parser.receive(Array("\n".utf8))
        #expect(parser.lastEventID == "5")
    }

    @Test("a retry is whole milliseconds, else nothing", arguments: ["2000", "+1", "1s", "", "99999999999"])
    func retry(value: String) throws {
        var parser = ServerSentEventParser()
        _ = try parser.receive(Array("retry: \(value)\n".utf8))
        #expect(parser.retry == (value == "2000" ? .seconds(2) : nil))
    }

    @Test("a new connection begins anew, behind the last id")
    func reset() throws {
        var parser = ServerSentEventParser()
        _ = try parser.receive(Array("id: 5\ndata: a\n\nevent: x\nid: 6\ndata: b\r".utf8))
        parser.reset()
        #expect(parser.lastEventID == "5")
        #expect(try parser.receive(Array("\u{FEFF}data: c\n\n".utf8)) == [Self.event("c", id: "5")])
    }

    @Test("an event larger than is taken is an error, in one line or in many", arguments: ["", "\ndata: "])
    func tooLarge(separator: String) throws {
        var parser = ServerSentEventParser(maximumEventSize: 100)
        _ = try parser.receive(Array("data: \(String(repeating: "x", count: 80))\n\n".utf8))
        _ = try parser.receive(Array("data: \(String(repeating: "x", count: 60))\(separator)".utf8))
        #expect(throws: ServerSentEventParser.TooLarge.self) {
            _ = try parser.receive([UInt8](repeating: 0x78, count: 60))
        }
    }
}
