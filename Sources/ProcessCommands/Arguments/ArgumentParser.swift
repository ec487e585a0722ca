internal import ProcessService

/// Reads a command's words: options anywhere before `--`, as `--name value` or `--name=value`.
struct ArgumentParser {
    /// What a call asks for.
    enum Call: Sendable {
        /// Help on one command, or on all of them.
        case help(CommandSpecification?)
        /// The version.
        case version
        /// A command.
        case command(ParsedArguments)
    }

    /// All commands there are.
    var commands: [CommandSpecification]
    /// The name of the command that runs without a word.
    var defaultCommand: String

    /// Reads the words of a call.
    ///
    /// - Parameter arguments: The words without the program's own name.
    /// - Returns: What is asked for.
    /// - Throws: `CommandError` for wrong use.
    func parse(_ arguments: ProgramArguments) throws(CommandError) -> Call {
        let words = arguments.texts
        guard let first = words.first else {
            return try self.parse(arguments, self.command(self.defaultCommand), from: 0)
        }
        switch first {
        case "--help", "-h": return .help(nil)
        case "--version": return .version
        case _ where first.hasPrefix("-"): return try self.parse(arguments, self.command(self.defaultCommand), from: 0)
        default: return try self.parse(arguments, self.command(first), from: 1)
        }
    }

    /// Finds a command by its name.
    func command(_ name: String) throws(CommandError) -> CommandSpecification {
        if let command = self.commands.first(where: { $0.name == name }) { return command }
        let nearest = NearestName.find(name, among: self.commands.map(\.name))
        throw .usage(
            "there is no command \(shown(name))"
                + (nearest.map { "; did you mean \($0)?" } ?? "; process-tracker help lists them all"))
    }

    private func parse(
        _ arguments: ProgramArguments, _ command: CommandSpecification, from start: Int
    ) throws(CommandError) -> Call {
        var words = arguments.texts
        var parsed = ParsedArguments(command: command)
        var index = start
        if command.takesSettings {
            words.removeFirst(start)
            index = 0
            if words.contains("--help") || words.contains("-h") { return .help(command) }
            parsed.settings = try self.takeSettings(from: &words)
        }
        while index < words.count {
            let word = words[index]
            index += 1
            if word == "--" {
                if command.takesCommand {
                    parsed.trailing = Array(arguments.words[index...])
                } else {
                    parsed.operands += words[index...]
                }
                break
            }
            if word == "--help" || word == "-h" { return .help(command) }
            guard word.hasPrefix("-"), word != "-" else {
                // What is no option of ours begins the command to run, so that `run make` works without `--`.
                if command.takesCommand, parsed.operands.isEmpty {
                    parsed.trailing = Array(arguments.words[(index - 1)...])
                    break
                }
                parsed.operands.append(word)
                continue
            }
            try self.readOption(word, words, &index, into: &parsed)
        }
        try self.check(parsed)
        if !command.takesSettings {
            // Clients of the service take those options that say where it is.
            var words = ["--url", "--config"].flatMap { name in parsed.values(name).map { "\(name)=\($0)" } }
            parsed.settings = try self.takeSettings(from: &words)
        }
        return .command(parsed)
    }

    private func takeSettings(from words: inout [String]) throws(CommandError) -> ConfigurationFlags {
        do throws(ConfigurationError) {
            return try ConfigurationFlags(takingFrom: &words)
        } catch {
            throw .usage(error.description)
        }
    }

    private func readOption(
        _ word: String, _ words: [String], _ index: inout Int, into parsed: inout ParsedArguments
    ) throws(CommandError) {
        let equals = word.firstIndex(of: "=")
        let name = String(word[..<(equals ?? word.endIndex)])
        let options = parsed.command.options
        guard let option = options.first(where: { $0.name == name }) else {
            let nearest =
                NearestName.find(name, among: options.map(\.name) + ["--help"])
                ?? (parsed.command.takesSettings ? ConfigurationHelp.nearestFlag(to: name) : nil)
            throw .usage(
                "\(parsed.command.name) has no option \(shown(name))"
                    + (nearest.map { "; did you mean \($0)?" }
                        ?? "; process-tracker help \(parsed.command.name) lists what it has"))
        }
        guard option.isRepeatable || !parsed.has(name) else {
            throw .usage("\(name) stands twice; give it once")
        }
        guard let valueName = option.valueName else {
            guard equals == nil else { throw .usage("\(name) takes no value; write \(name) alone") }
            parsed.options.append((name, ""))
            return
        }
        if let equals {
            parsed.options.append((name, String(word[word.index(after: equals)...])))
            return
        }
        guard index < words.count, words[index] != "--", !options.contains(where: { $0.name == words[index] }) else {
            throw .usage("\(name) needs a value: \(name) \(valueName)")
        }
        parsed.options.append((name, words[index]))
        index += 1
    }

    private func check(_ parsed: ParsedArguments) throws(CommandError) {
        let command = parsed.command
        let usage = "usage: \(command.usage)"
        if command.takesCommand, parsed.trailing.isEmpty { throw .usage("no command to run was given; \(usage)") }
        if parsed.operands.count < command.operandCount.lowerBound {
            throw .usage("\(command.name) needs \(command.operands); \(usage)")
        }
        if parsed.operands.count > command.operandCount.upperBound {
            let extra = shown(parsed.operands[command.operandCount.upperBound])
            throw .usage("\(command.name) does not know what to do with \(extra); \(usage)")
        }
    }
}
