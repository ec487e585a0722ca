internal import ProcessCore

extension ProcessRepositoryError {
    /// What an error that Redis answered with means to a caller.
    ///
    /// - Parameters:
    ///   - text: The error as Redis wrote it; it names no secret.
    ///   - subject: What was asked for, for the message.
    init(redis text: String, doing subject: String) {
        if Self.word(ofRedis: text) == "NOAUTH" {
            self.init(.refused, "Redis wants a password, and none is configured: \(text)")
        } else {
            let explanation = Self.explanation(of: text)
            self.init(Self.code(of: text), "Redis refused \(subject): \(text)", explanation: explanation)
        }
    }

    /// What a reply of a shape that was not expected means to a caller.
    init(_ surprise: RedisReply.Surprise, doing subject: String) {
        switch surprise {
        case .error(let text): self.init(redis: text, doing: subject)
        case .unexpected(let expected):
            self.init(.unexpectedAnswer, "Redis answered \(subject) with something else than \(expected)")
        }
    }

    /// What clients are told of a server that can be reached.
    private static func explanation(of text: String) -> Explanation? {
        switch Self.word(ofRedis: text) {
        case "READONLY":
            Explanation(reason: "the Redis server is a replica, which takes no writes", advice: "try again")
        case "NOREPLICAS":
            Explanation(reason: "Redis takes no writes while it has too few replicas", advice: "try again")
        case "MISCONF":
            Explanation(reason: "Redis takes no writes, since it cannot save to its disk", advice: "try again")
        case "WRONGTYPE":
            Explanation(
                reason: "a key in Redis holds something else than this service keeps there",
                advice: "the service's log says more")
        case "LOADING":
            Explanation(reason: "the Redis server is reading its data and not ready yet", advice: "try again")
        default:
            if Self.code(of: text) == .refused {
                Explanation(
                    reason: "the Redis user lacks a right that this service needs", advice: "the service's log names it"
                )
            } else {
                nil
            }
        }
    }

    private static func code(of text: String) -> Code {
        switch Self.word(ofRedis: text) {
        case "OOM": .storeFull
        case "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "READONLY", "MISCONF",
            "NOREPLICAS":
            // All of these end: a server that loads or is replaced, a fail-over, a disk that has room again.
            .unavailable
        case "NOPERM", "NOAUTH", "WRONGPASS", "DENIED", "NOPROTO", "WRONGTYPE": .refused
        default: Self.codeOfSentence(text)
        }
    }

    /// Errors that have no word of their own.
    private static func codeOfSentence(_ text: String) -> Code {
        if text.contains("max number of clients") { return .unavailable }
        let refusals = [
            "ACL failure in script", "The user executing the script", "DB index", "SELECT is not allowed",
            "without any password configured", "no password is set",
        ]
        return refusals.contains(where: text.contains) ? .refused : .unexpectedAnswer
    }

    /// Whether the server answered that it is still reading its data.
    package var isOfLoadingRedis: Bool { self.code == .unavailable && self.message.contains("LOADING ") }

    /// The word that says what sort of error it is. Before version 7, an error inside a script is in its report:
    /// `ERR Error running script (…): @user_script:12: -OOM command not allowed …`. Where the server came to refuse a
    /// transaction after it was queued, why is behind: `EXECABORT Transaction discarded because of: READONLY …`.
    static func word(ofRedis text: String) -> Substring {
        var error = text[...]
        if text.hasPrefix("ERR Error running script") {
            error = text.split(separator: " -", maxSplits: 1).last ?? error
        }
        let aborted = "EXECABORT Transaction discarded because of: "
        if text.hasPrefix(aborted) { error = text.dropFirst(aborted.count) }
        return error.prefix { $0 != " " }
    }
}

extension Substring {
    fileprivate func contains(_ text: String) -> Bool { String(self).contains(text) }
}
