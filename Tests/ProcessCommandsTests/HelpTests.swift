import Testing

@testable import ProcessCommands

@Suite("Help")
struct HelpTests {
    @Test("the overview names every command, with what it does")
    func overview() async {
        for words in [["help"], ["--help"], ["-h"]] {
            let result = await ToolFixture().run(words)
            #expect(result.ending == .exit(0))
            for command in CommandCatalogue.all {
                #expect(result.output.contains("  \(command.name) "))
                #expect(result.output.contains(command.summary))
            }
        }
    }

    @Test("each command has help: what it does, how it is called, each of its options, an example")
    func commands() async {
        for command in CommandCatalogue.all {
            let result = await ToolFixture().run(["help", command.name])
            #expect(result.ending == .exit(0))
            #expect(result.output.hasPrefix("\(command.summary).\n\nUsage: process-tracker \(command.name)"))
            for option in command.options { #expect(result.output.contains("  \(option.usage)")) }
            #expect(result.output.contains("\nExamples:\n  process-tracker"))
            #expect(await ToolFixture().run([command.name, "--help"]).output == result.output)
        }
    }

    @Test("no line of help is wider than 100 columns")
    func width() async {
        for words in [["help"]] + CommandCatalogue.all.map({ ["help", $0.name] }) {
            for line in await ToolFixture().run(words).output.split(separator: "\n") {
                #expect(line.count <= 100, "\(line)")
            }
        }
    }

    @Test("every example is a call that is understood")
    func examples() throws {
        let parser = ArgumentParser(commands: CommandCatalogue.all, defaultCommand: "serve")
        for command in CommandCatalogue.all {
            #expect(!command.examples.isEmpty)
            for example in command.examples {
                let words = example.line.prefix { $0 != "|" }.split(separator: " ").dropFirst()
                guard case .command(let parsed) = try parser.parse(ProgramArguments(words.map { [UInt8]($0.utf8) }))
                else {
                    Issue.record("\(example.line) is no command")
                    continue
                }
                #expect(parsed.command.name == command.name)
            }
        }
    }

    @Test("help on a command that does not exist is wrong use")
    func unknown() async {
        let result = await ToolFixture().run("help", "sttaus")
        #expect(result.ending == .exit(2))
        #expect(result.errors == [#"there is no command "sttaus"; did you mean status?"#])
    }

    @Test("version is one line", arguments: ["version", "--version"])
    func version(word: String) async {
        #expect(await ToolFixture().run(word).output == "process-tracker 0.1.0\n")
    }
}
