internal import ProcessService

/// The text of `help`, made from the commands' descriptions.
enum HelpText {
    /// Help on all commands.
    ///
    /// - Parameters:
    ///   - commands: All of them.
    ///   - version: The program's version.
    /// - Returns: Lines of at most 100 columns, the last one ended.
    static func overview(_ commands: [CommandSpecification], version: String) -> String {
        var lines = [
            "process-tracker \(version): keeps the state of long-running work, and says how it goes.", "",
            "Usage: process-tracker [COMMAND] [options]", "", "Commands:",
        ]
        lines += Self.columns(commands.map { ($0.name, $0.summary) })
        lines += [
            "", "Examples:",
            "  process-tracker                                 starts the service on http://127.0.0.1:8080",
            "  process-tracker run --kind backup -- make all   runs a command, and shows others how it goes",
            "  process-tracker list --status running           lists what is running",
            "", "process-tracker help COMMAND says more about one. Exit codes: 0 done, 1 could not, 2 wrong use.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Help on one command.
    static func command(_ command: CommandSpecification) -> String {
        var lines = [command.summary + ".", "", "Usage: \(command.usage)"]
        for paragraph in command.discussion { lines += [""] + Self.wrapped(paragraph, width: 98) }
        lines += ["", "Options:"]
        lines += Self.columns(
            command.options.map { ($0.usage, $0.summary + ($0.isRepeatable ? " (may be repeated)" : "")) }
                + [("--help", "Shows this text")])
        if command.takesSettings { lines.append(String(ConfigurationHelp.text().dropLast())) }
        lines += ["", "Examples:"]
        for example in command.examples { lines += ["  \(example.line)", "      \(example.effect)"] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Two columns, the second one wrapped.
    private static func columns(_ rows: [(String, String)]) -> [String] {
        let width = min(30, (rows.map { $0.0.count }.max() ?? 0) + 2)
        return rows.flatMap { name, summary in
            let lines = Self.wrapped(summary, width: 98 - width - 2)
            var result: [String] = []
            var rest = lines[...]
            if name.count + 2 <= width {
                result.append("  " + name + String(repeating: " ", count: width - name.count) + (rest.popFirst() ?? ""))
            } else {
                result.append("  " + name)
            }
            return result + rest.map { String(repeating: " ", count: width + 2) + $0 }
        }
    }

    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return lines + [line]
    }
}
