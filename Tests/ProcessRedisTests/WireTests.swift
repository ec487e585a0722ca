import ProcessCore
import Testing

@testable import ProcessRedis

@Suite("What goes over the wire")
struct WireTests {
    private func text(_ commands: RedisCommands) -> String { String(decoding: commands.bytes, as: UTF8.self) }

    @Test("a command is an array of counted strings")
    func command() {
        #expect(self.text(RedisCommands("GET", "a b")) == "*2\r\n$3\r\nGET\r\n$3\r\na b\r\n")
    }

    @Test("the number of arguments has as many digits as it needs", arguments: [1, 9, 10, 99, 100, 1000])
    func argumentCount(count: Int) {
        var commands = RedisCommands("PING")
        commands.append("DEL", Array(repeating: "k", count: count - 1))
        let expected =
            "*1\r\n$4\r\nPING\r\n*\(count)\r\n$3\r\nDEL\r\n" + String(repeating: "$1\r\nk\r\n", count: count - 1)
        #expect(self.text(commands) == expected)
        #expect(commands.replyCount == 2)
    }

    @Test(
        "whole numbers are written in decimal",
        arguments: [0, 9, 10, -1, 1_794_132_000_123, Int64.max, Int64.min])
    func integers(number: Int64) {
        var commands = RedisCommands()
        commands.begin("X")
        commands.add(number)
        commands.end()
        let digits = String(number)
        #expect(self.text(commands) == "*2\r\n$1\r\nX\r\n$\(digits.count)\r\n\(digits)\r\n")
        #expect(Array(digits.utf8).withUnsafeBytes { Int64(decimal: $0) } == number)
    }

    @Test(
        "what is no whole number is not read as one",
        arguments: ["", "-", "+1", "1.0", " 1", "1 ", "0x1", "9223372036854775808", "-9223372036854775809", "1e3"])
    func notIntegers(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { Int64(decimal: $0) } == nil)
    }

    @Test("nothing in an argument ends it")
    func lineBreaks() {
        #expect(
            self.text(RedisCommands("SET", "a\r\n*1\r\n", "")) == "*3\r\n$3\r\nSET\r\n$7\r\na\r\n*1\r\n\r\n$0\r\n\r\n")
    }

    @Test("replies are read whatever pieces they come in", arguments: [1, 2, 3, 7, 1000])
    func pieces(size: Int) throws {
        let bytes = Array("+OK\r\n*3\r\n$5\r\nab\r\nc\r\n*2\r\n:-7\r\n$-1\r\n-ERR no\r\n$0\r\n\r\n".utf8)
        let parser = RedisReplyParser()
        var replyCount = 0
        for start in stride(from: 0, to: bytes.count, by: size) {
            let fed = bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { parser.feed($0) }
            #expect(fed)
            while case .reply = parser.next() { replyCount += 1 }
        }
        #expect(replyCount == 3)
        var reply = RedisReply(parser.parts)
        #expect(try reply.string() == "OK")
        #expect(try reply.array() == 3)
        #expect(try reply.string() == "ab\r\nc")
        #expect(try reply.array() == 2)
        #expect(try reply.integer() == -7)
        #expect(try reply.optionalString() == nil)
        #expect(reply.error == "ERR no")
        #expect(reply.isError("ERR"))
        reply.skip()
        #expect(try reply.string() == "")
        #expect(reply.isAtEnd)
    }

    @Test("what is no RESP is noticed")
    func malformed() {
        let parser = RedisReplyParser()
        _ = Array("HTTP/1.1 400 Bad Request\r\n".utf8).withUnsafeBytes { parser.feed($0) }
        guard case .malformed = parser.next() else {
            Issue.record("it was taken for a reply")
            return
        }
    }

    @Test("an error of Redis means to a caller what can be done about it")
    func errorCodes() {
        let codes: [(String, ProcessRepositoryError.Code)] = [
            ("OOM command not allowed when used memory > 'maxmemory'.", .storeFull),
            (
                "ERR Error running script (call to f_0): @user_script:12: -OOM command not allowed when used memory",
                .storeFull
            ),
            ("LOADING Redis is loading the dataset in memory", .unavailable),
            ("READONLY You can't write against a read only replica.", .unavailable),
            ("MISCONF Redis is configured to save RDB snapshots", .unavailable),
            ("BUSY Redis is busy running a script", .unavailable),
            ("ERR max number of clients reached", .unavailable),
            ("NOPERM this user has no permissions to run the 'publish' command", .refused),
            ("WRONGPASS invalid username-password pair or user is disabled.", .refused),
            ("NOAUTH Authentication required.", .refused), ("ERR DB index is out of range", .refused),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", .refused),
            ("ERR syntax error", .unexpectedAnswer),
        ]
        for (text, code) in codes {
            #expect(ProcessRepositoryError(redis: text, doing: "it").code == code, "\(text)")
        }
    }

    @Test("a right that is missing is told as such to clients, who can't do without it")
    func missingRight() {
        for text in [
            "NOPERM this user has no permissions to run the 'xadd' command",
            "ERR The user executing the script can't run this command or subcommand",
        ] {
            let error = ProcessRepositoryError(redis: text, doing: "the append")
            #expect(error.explanation?.reason == "the Redis user lacks a right that this service needs", "\(text)")
        }
    }

    @Test("every field is found by its name, and no other name is")
    func fieldNames() {
        for field in RedisField.allCases {
            let found = Array("\(field.name)".utf8).withUnsafeBytes { RedisField(name: $0) }
            #expect(found == field)
            let longer = Array("\(field.name)_".utf8).withUnsafeBytes { RedisField(name: $0) }
            #expect(longer == nil)
        }
        for name in ["", "x", "kin", "kinds", "revisions", "from_a_later_version"] {
            let found = Array(name.utf8).withUnsafeBytes { RedisField(name: $0) }
            #expect(found == nil, "\(name)")
        }
    }

    @Test("what is doubtful of the server's time is passed over while the last good answer is fresh")
    func clock() {
        let clock = RedisClock(.server)
        func moment(_ milliseconds: UInt64) -> MonotonicInstant {
            MonotonicInstant(nanoseconds: (1_000_000 + milliseconds) * 1_000_000)
        }
        let before = clock.now().milliseconds
        clock.take(sent: moment(0), received: moment(10), microseconds: 5_000_000_000)
        let first = clock.now().milliseconds - before
        clock.take(sent: moment(20), received: moment(2_020), microseconds: 9_000_000_000)
        // Two readings of a clock that runs are never quite equal.
        #expect(abs(clock.now().milliseconds - before - first) < 1_000)
        clock.take(sent: moment(70_000), received: moment(72_000), microseconds: 9_000_000_000)
        #expect(abs(clock.now().milliseconds - before - first) > 100_000)
    }
}
