import ProcessCore

/// Why the service can't be configured as asked. One line, which names the key or flag to blame and never shows a secret.
public struct ConfigurationError: Error, Hashable, Sendable {
    /// The key, `TRACKER_LISTEN`; the flag, `--listen`, where it came as one; or the line of a file that is neither.
    public let subject: String

    /// Where the key stands, `process-tracker.conf:12`, where it came from a file.
    public let place: String?

    /// What is wrong with it, and what is allowed.
    public let reason: String

    init(_ subject: String, place: String? = nil, _ reason: String) {
        self.subject = subject
        self.place = place
        self.reason = reason
    }

    /// Blames a setting for a reason, by the name it was given under.
    init(_ setting: Setting, from source: ConfigurationSource, _ reason: String) {
        switch source {
        case .none, .environment: self.init(setting.key, reason)
        case .file(let name, let line): self.init(setting.key, place: "\(name):\(line)", reason)
        case .flag: self.init(setting.flag ?? setting.key, reason)
        }
    }

    /// Whether a variable of the environment is to blame, which is none of the caller's words, nor in a file that they name.
    public var isFromEnvironment: Bool { self.place == nil && ServiceSettings.all.contains { $0.key == self.subject } }

    /// Blames a setting for its value.
    init(_ setting: Setting, from source: ConfigurationSource, found: String, _ rejection: Rejection) {
        var reason = ""
        if let shown = setting.shownInErrors(found) { reason = "found \"\(shown)\"; " }
        self.init(setting, from: source, reason + (rejection.detail ?? "allowed: \(setting.allowed)"))
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// The line to show: place, key and reason, without control characters.
    public var description: String {
        DisplayText.escaping([self.place, self.subject, self.reason].compactMap(\.self).joined(separator: ": "))
    }
}

/// A parser's verdict on a value: not allowed.
struct Rejection: Error {
    /// What to say instead of the list of what is allowed.
    var detail: String?

    init(_ detail: String? = nil) {
        self.detail = detail
    }
}
