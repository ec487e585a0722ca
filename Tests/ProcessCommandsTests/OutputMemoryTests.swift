import Testing

@testable import ProcessCommands

@Suite("What is remembered of output")
struct OutputMemoryTests {
    private static func line(_ chunks: [UInt8]...) -> String? {
        var line = LastLine()
        for chunk in chunks { chunk.withUnsafeBytes { line.append($0) } }
        return line.message
    }

    private static func line(_ chunks: String...) -> String? {
        var line = LastLine()
        for chunk in chunks { [UInt8](chunk.utf8).withUnsafeBytes { line.append($0) } }
        return line.message
    }

    @Test("the last line with anything on it counts, ended or not, in however many pieces it came")
    func lines() {
        #expect(Self.line("one\ntwo\n") == "two")
        #expect(Self.line("one\ntw", "o\n\n  \n") == "two")
        #expect(Self.line("one\nDownloading") == "Downloading")
        #expect(Self.line("10%\r20%\r") == "20%")
        #expect(Self.line("\r10%\u{1B}[K\r20%\u{1B}[K") == "20%")
        #expect(Self.line("done\n\u{1B}[K\n") == "done")
        #expect(Self.line("done\r\n") == "done")
        #expect(Self.line("") == nil)
        #expect(Self.line("\n\n") == nil)
    }

    @Test("a line is at most 1 KiB and valid text, whatever was printed")
    func limits() throws {
        let long = try #require(Self.line(String(repeating: "ä", count: 5000)))
        #expect(long.utf8.count <= 1024 && long.hasSuffix("…"))
        #expect(Self.line([0x61, 0xFF, 0x62, 0x0A]) == "a\u{FFFD}b")
        #expect(Self.line(String(repeating: "x", count: 100_000) + "\nend\n") == "end")
        #expect(Self.line("a\u{202E}b\n") == #"a\u202eb"#)
    }

    @Test("the tail is the last 4 KiB, cut between characters")
    func tail() {
        var tail = OutputTail()
        for number in 0..<10_000 { [UInt8]("\(number)ä\n".utf8).withUnsafeBytes { tail.append($0) } }
        #expect(tail.text.hasSuffix("9998ä\n9999ä\n"))
        #expect((4090...4096).contains(tail.text.utf8.count))
        #expect(!tail.text.contains("\u{FFFD}"))
    }

    @Test("the tail of anything at all is valid text of at most 4 KiB")
    func binaryTail() {
        var tail = OutputTail()
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 5) }
        bytes.withUnsafeBytes { tail.append($0) }
        #expect(tail.text.utf8.count <= 4096 && tail.text.utf8.count > 4000)
    }

    @Test("what is less than the limit is kept whole")
    func shortTail() {
        var tail = OutputTail()
        [UInt8]("\u{0}one\n".utf8).withUnsafeBytes { tail.append($0) }
        #expect(tail.text == "\u{0}one\n")
    }
}
