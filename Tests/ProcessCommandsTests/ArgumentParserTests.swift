import ProcessCore
import Testing

@testable import ProcessCommands

@Suite("The words of a call")
struct ArgumentParserTests {
    private static let parser = ArgumentParser(commands: CommandCatalogue.all, defaultCommand: "serve")

    private static func parse(_ words: [String]) throws(CommandError) -> ParsedArguments {
        switch try Self.parser.parse(ProgramArguments(words.map { [UInt8]($0.utf8) })) {
        case .command(let parsed): return parsed
        case .help, .version: throw .failed("not a command")
        }
    }

    private static func message(_ words: String...) -> String? {
        do throws(CommandError) {
            _ = try Self.parse(words)
            return nil
        } catch {
            #expect(error.code == .usage)
            return error.message
        }
    }

    @Test("no words at all, or only options, call serve")
    func serve() throws {
        #expect(try Self.parse([]).command.name == "serve")
        #expect(try Self.parse(["--listen", "127.0.0.1:0"]).command.name == "serve")
    }

    @Test("a value follows its option as the next word or behind =", arguments: ["--kind a=b", "--kind=a=b"])
    func values(text: String) throws {
        let parsed = try Self.parse(["list"] + text.split(separator: " ").map(String.init))
        #expect(parsed.value("--kind") == "a=b")
    }

    @Test("options may stand before and behind the words that are none")
    func order() throws {
        let parsed = try Self.parse(["status", "--url", "http://h:1", "p-1", "--json"])
        #expect(parsed.operands == ["p-1"])
        #expect(parsed.has("--json"))
    }

    @Test("everything behind -- is the command of run, bytes and all, whatever it looks like")
    func trailing() throws {
        let bytes: [UInt8] = [0x66, 0xFF, 0x6F]
        let arguments = ProgramArguments(
            ["run", "--kind", "k", "--", "make", "--", "--kind", "x"].map { [UInt8]($0.utf8) } + [bytes])
        guard case .command(let parsed) = try Self.parser.parse(arguments) else { throw CommandError.failed("") }
        #expect(
            parsed.trailing.map { String(decoding: $0, as: UTF8.self) }.dropLast() == ["make", "--", "--kind", "x"])
        #expect(parsed.trailing.last == bytes)
    }

    @Test("run takes its command without -- where that begins with a word")
    func commandWithoutDashes() throws {
        let parsed = try Self.parse(["run", "--kind", "k", "ls", "-l", "--quiet"])
        #expect(parsed.trailing.map { String(decoding: $0, as: UTF8.self) } == ["ls", "-l", "--quiet"])
        #expect(!parsed.has("--quiet"))
    }

    @Test("-- ends options elsewhere, too")
    func dashes() throws {
        #expect(try Self.parse(["status", "--", "-p"]).operands == ["-p"])
    }

    @Test("an unknown command or option is wrong use, and the nearest known one is named")
    func unknown() {
        #expect(Self.message("stauts", "p") == #"there is no command "stauts"; did you mean status?"#)
        #expect(Self.message("frobnicate")?.hasSuffix("process-tracker help lists them all") == true)
        #expect(Self.message("list", "--knid", "x") == #"list has no option "--knid"; did you mean --kind?"#)
        #expect(Self.message("list", "--jso") == #"list has no option "--jso"; did you mean --json?"#)
        #expect(Self.message("list", "--zzz")?.contains("process-tracker help list lists what it has") == true)
        #expect(Self.message("serve", "--lisen", "x")?.contains("--listen") == true)
        #expect(Self.message("--lisen", "x")?.contains("--listen") == true)
    }

    @Test("what is missing, too much, or given twice is wrong use")
    func misuse() {
        #expect(Self.message("list", "--kind") == "--kind needs a value: --kind KIND")
        #expect(Self.message("list", "--limit", "--json") == "--limit needs a value: --limit NUMBER")
        #expect(Self.message("list", "--json=yes") == "--json takes no value; write --json alone")
        #expect(Self.message("list", "--limit", "1", "--limit", "2") == "--limit stands twice; give it once")
        #expect(Self.message("status") == "status needs ID; usage: process-tracker status [options] ID")
        #expect(Self.message("status", "a", "b")?.contains(#"does not know what to do with "b""#) == true)
        #expect(Self.message("run", "--kind", "k")?.hasPrefix("no command to run was given") == true)
        #expect(Self.message("run", "--kind", "k", "--")?.hasPrefix("no command to run was given") == true)
        #expect(Self.message("stats", "--url", "ftp://x")?.contains("--url") == nil)
    }

    @Test("control characters in what was typed are not shown raw")
    func escapes() {
        #expect(Self.message("a\u{1B}[31mb")?.contains("\u{1B}") == false)
    }

    @Test("--help is understood everywhere before --, and not behind it")
    func help() throws {
        for command in CommandCatalogue.all {
            guard case .help(let found) = try Self.parser.parse([.init(command.name), "--help"]) else {
                Issue.record("\(command.name) --help is no help")
                continue
            }
            #expect(found?.name == command.name)
        }
        guard case .help(nil) = try Self.parser.parse(["--help"]) else { throw CommandError.failed("no help") }
        #expect(try Self.parse(["run", "--", "ls", "--help"]).trailing.count == 2)
    }

    @Test(
        "what run can't use is wrong use, before anything is done",
        arguments: [
            ["--kind", "a b"], ["--id", ".."], ["--lease", "0"], ["--lease", "soon"], ["--timeout", "-1"],
            ["--metadata", "novalue"], ["--metadata", "a b=c"], ["--retain", "never"], ["--parent", ""],
        ])
    func runOptions(words: [String]) {
        let error = #expect(throws: CommandError.self) { try RunFixture.options(words + ["--", "true"]) }
        #expect(error?.code == .usage)
        #expect(error?.message.contains(words[0]) == true)
    }

    @Test(
        "the kind of a run is its command's name, made fit",
        arguments: [("/usr/bin/tar", "tar"), ("./my script.sh", "my-script.sh"), ("..", "command"), ("é", "-")])
    func kind(command: String, kind: String) {
        #expect(RunOptions.kind(of: [[UInt8](command.utf8)]) == kind)
    }

    @Test("words are near where a few letters are missing, wrong or swapped")
    func nearest() {
        #expect(NearestName.find("lsit", among: ["list", "stats"]) == "list")
        #expect(NearestName.find("clean", among: ["cleanup", "config"]) == "cleanup")
        #expect(NearestName.find("xyzzy", among: ["cleanup", "config"]) == nil)
    }
}

extension ProgramArguments {
    fileprivate init(_ words: String...) { self.init(words.map { [UInt8]($0.utf8) }) }
}
