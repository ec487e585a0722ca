/// The flags of a command line that are settings, and the file named by `--config`.
public struct ConfigurationFlags: Sendable {
    /// The path given with `--config`.
    public private(set) var file: String?

    /// The values given, by key.
    private(set) var values: [String: String] = [:]

    /// No flags.
    public init() {}

    /// Takes the settings out of an argument list, and leaves everything else to the command.
    ///
    /// Both `--listen 127.0.0.1:0` and `--listen=127.0.0.1:0` are read. Nothing after a `--` is looked at: it belongs to
    /// the command that `run` starts.
    ///
    /// - Parameter arguments: The arguments; what was taken is gone afterwards.
    /// - Throws: `ConfigurationError` naming a flag that comes twice or without its value.
    public init(takingFrom arguments: inout [String]) throws(ConfigurationError) {
        var rest: [String] = []
        var position = arguments.startIndex
        while position < arguments.endIndex, arguments[position] != "--" {
            let argument = arguments[position]
            position += 1
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let flag = parts.first ?? ""
            let setting = ServiceSettings.all.first { $0.flag == flag }
            guard setting != nil || flag == "--config" else {
                rest.append(argument)
                continue
            }
            let value: String
            if parts.count == 2 {
                value = parts[1]
            } else if position < arguments.endIndex, !arguments[position].hasPrefix("--") {
                value = arguments[position]
                position += 1
            } else {
                throw ConfigurationError(flag, "needs a value: \(setting?.placeholder ?? "FILE")")
            }
            if let setting {
                guard self.values.updateValue(value, forKey: setting.key) == nil else {
                    throw ConfigurationError(flag, "is given twice")
                }
            } else {
                guard self.file == nil else { throw ConfigurationError(flag, "is given twice") }
                guard !value.isEmpty else { throw ConfigurationError(flag, "needs a value: FILE") }
                self.file = value
            }
        }
        arguments = rest + arguments[position...]
    }
}
