internal import ProcessCore

/// What `run` was asked for.
struct RunOptions: Sendable {
    /// The command's words.
    var command: [[UInt8]]
    /// What sort of work it is.
    var kind: String
    /// The id it shall have; nil lets the tracker make one.
    var id: String?
    /// The longest silence before the tracker gives it up.
    var lease: Duration = .seconds(60)
    /// The longest run.
    var timeout: Duration?
    /// Labels.
    var metadata: [(key: String, value: String)] = []
    /// How long it is kept once finished, as the API takes it.
    var retain: String?
    /// The process it is a part of.
    var parentID: String?
    /// Whether the command may not run untracked.
    var isRequired = false
    /// Whether nothing of our own goes to standard error but why a command was not run.
    var isQuiet = false
    /// Whether its output passes through us; otherwise it has our standard output and error itself.
    var capturesOutput = true

    /// The command's name without its folder, made an identifier: what sort of work it is where nobody says.
    static func kind(of command: [[UInt8]]) -> String {
        let name =
            String(decoding: command.first ?? [], as: UTF8.self).split(separator: "/").last.map(String.init) ?? ""
        let letters = name.unicodeScalars.map { scalar in
            IdentifierShape.matches("a\(scalar)") ? Character(scalar) : "-"
        }
        let kind = String(letters.prefix(IdentifierShape.maximumLength))
        return IdentifierShape.matches(kind) ? kind : "command"
    }

    /// Reads the words of a call.
    init(_ arguments: ParsedArguments) throws(CommandError) {
        self.command = arguments.trailing
        self.kind = try arguments.identifier("--kind") ?? Self.kind(of: arguments.trailing)
        self.id = try arguments.identifier("--id")
        self.lease = try arguments.duration("--lease") ?? .seconds(60)
        self.timeout = try arguments.duration("--timeout")
        self.metadata = try arguments.metadata()
        self.retain = arguments.value("--retain")
        if let retain = self.retain, retain != "forever" {
            do {
                _ = try Duration(parsing: retain, zeroAllowed: true)
            } catch {
                throw .usage("--retain \(error.reason), or forever, not \(shown(retain))")
            }
        }
        self.parentID = try arguments.identifier("--parent")
        self.isRequired = arguments.has("--require")
        self.isQuiet = arguments.has("--quiet")
        self.capturesOutput = !arguments.has("--no-capture")
    }
}

/// How long `run` waits for what; a test waits less.
struct RunTiming: Sendable {
    /// The shortest time between two progress messages.
    var messageInterval: Duration = .seconds(1)
    /// The longest time between two heartbeats, so that a cancel request is seen soon however long the lease is.
    var longestHeartbeatInterval: Duration = .seconds(5)
    /// The time between SIGTERM and SIGKILL once a cancel was requested.
    var killDelay: Duration = .seconds(10)
    /// How long the last line may take that is reported before the end.
    var lastMessageLimit: Duration = .seconds(1)
    /// How long the last report is tried again.
    var lastReportLimit: Duration = .seconds(30)
    /// The same once somebody sent a signal, and so waits for us to end.
    var lastReportLimitAfterSignal: Duration = .seconds(2)
    /// The first wait before the last report is tried again; each one after that is twice as long, up to 5 s.
    var retryDelay: Duration = .milliseconds(250)
    /// How long a tracker may take to answer the start, before the command is run without it.
    var startLimit: Duration = .seconds(5)
    /// How often it is looked whether a cancelled command left anything behind.
    var groupCheckInterval: Duration = .milliseconds(50)
    /// How long output is passed on that comes from something the command left behind.
    var linger: Duration = .seconds(1)

    /// How often a command with this lease shows that it is alive.
    func heartbeatInterval(lease: Duration) -> Duration { min(lease / 3, self.longestHeartbeatInterval) }
}
