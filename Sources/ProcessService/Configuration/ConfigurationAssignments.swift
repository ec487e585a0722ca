/// The text in force for each key, and where it came from.
struct ConfigurationAssignments: Sendable {
    private var assigned: [String: (text: String, source: ConfigurationSource)] = [:]

    /// Lays flags over the environment over the file.
    ///
    /// - Parameters:
    ///   - input: Where the values come from.
    ///   - unknownKeysAllowed: Whether misspelt keys are let pass.
    /// - Throws: `ConfigurationError` naming an unknown key and a known one that is near, or a line that can't be read.
    init(_ input: ConfigurationInput, unknownKeysAllowed: Bool = false) throws(ConfigurationError) {
        let known = Set(ServiceSettings.all.map(\.key))
        if let file = input.file {
            for (key, value, line) in try file.pairs() {
                guard known.contains(key) || unknownKeysAllowed else {
                    throw Self.unknown(key, place: "\(file.name):\(line)")
                }
                self.assign(key, value, .file(name: file.name, line: line))
            }
        }
        // Sorted, so that of several mistakes the same one is named each time.
        for (key, value) in input.environment.sorted(by: { $0.key < $1.key }) {
            if ServiceLink.isOne(key, value) { continue }
            if known.contains(key) {
                self.assign(key, value, .environment)
            } else if key.hasPrefix("TRACKER_") && !unknownKeysAllowed {
                throw Self.unknown(key, place: nil)
            }
        }
        for (key, value) in input.flags.values {
            // An empty flag is meant: it takes away what environment and file say, where there may be nothing.
            let setting = ServiceSettings.setting(key)
            guard !value.isEmpty || setting.defaultText.isEmpty else {
                throw ConfigurationError(setting, from: .flag, found: "", Rejection())
            }
            self.assigned[key] = (value, .flag)
        }
    }

    private mutating func assign(_ key: String, _ value: String, _ source: ConfigurationSource) {
        if !value.isEmpty { self.assigned[key] = (value, source) }
    }

    private static func unknown(_ key: String, place: String?) -> ConfigurationError {
        guard let nearest = EditDistance.nearest(to: key, among: ServiceSettings.all.map(\.key)) else {
            return ConfigurationError(
                key, place: place, "unknown key; `process-tracker config` shows those that there are")
        }
        return ConfigurationError(key, place: place, "unknown key; the nearest known one is \(nearest)")
    }

    /// Where the value of a key came from.
    func source(of key: String) -> ConfigurationSource { self.assigned[key]?.source ?? .none }

    /// The text in force for a setting; empty for none.
    func text(of setting: Setting) -> String { self.assigned[setting.key]?.text ?? setting.defaultText }

    /// Reads the texts of some settings.
    ///
    /// - Parameter settings: The settings to read.
    /// - Returns: Their values.
    /// - Throws: `ConfigurationError` naming the first that can't be read.
    func parse(_ settings: [Setting]) throws(ConfigurationError) -> ConfigurationValues {
        var values = ConfigurationValues()
        for setting in settings {
            let text = self.text(of: setting)
            if text.isEmpty { continue }
            do throws(Rejection) {
                try setting.parse(text, &values)
            } catch {
                throw ConfigurationError(setting, from: self.source(of: setting.key), found: text, error)
            }
        }
        return values
    }
}

/// Variables that Kubernetes puts into every container for each service of the cluster.
///
/// A service called `redis` gives `REDIS_PORT=tcp://10.0.0.1:6379`, one called `tracker` a handful of `TRACKER_…` names.
/// Nobody set those as our keys, so they are passed over.
enum ServiceLink {
    /// Whether a variable is one of them.
    static func isOne(_ key: String, _ value: String) -> Bool {
        guard key.hasPrefix("TRACKER_") || key.hasPrefix("REDIS_") else { return false }
        if key.hasSuffix("_SERVICE_HOST") || key.contains("_SERVICE_PORT") { return true }
        let words = key.split(separator: "_")
        if let port = words.lastIndex(of: "PORT"), words.count > port + 2, Int(words[port + 1]) != nil {
            return ["TCP", "UDP", "SCTP"].contains(words[port + 2])
        }
        return key.hasSuffix("_PORT") && ["tcp://", "udp://", "sctp://"].contains { value.hasPrefix($0) }
    }
}
