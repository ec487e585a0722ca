internal import ProcessCore

/// `list --follow`: goes on behind the list with a line for each change.
struct ListFollower: Sendable {
    /// How many processes a tracker shows at first; those are the ones to list before.
    static let newestShown = 100
    /// What can't be followed: changes are those of now, and all of them.
    private static let refused = ["--since", "--before", "--oldest", "--limit"]

    private let context: CommandContext
    private let isJSON: Bool
    /// Told of already, so that what a tracker says anew after a lost connection is not shown twice.
    private var shown = RecentChanges()

    /// A follower that has shown nothing.
    init(_ context: CommandContext, isJSON: Bool) {
        self.context = context
        self.isJSON = isJSON
    }

    /// Refuses options that have no meaning together with `--follow`.
    static func check(_ arguments: ParsedArguments) throws(CommandError) {
        for option in Self.refused where arguments.has(option) {
            throw .usage("--follow shows what changes from now on, whatever its age; leave \(option) out")
        }
    }

    /// Takes note of what is shown in the list.
    mutating func note(_ process: ProcessView) {
        _ = self.shown.isNew(process.id, self.change(process))
    }

    /// Shows changes for as long as anybody reads them.
    ///
    /// - Parameters:
    ///   - api: The tracker.
    ///   - query: Which processes, and which of their fields.
    /// - Throws: `CommandError` where there is nothing more to follow.
    mutating func run(_ api: TrackerAPI, _ query: [(name: String, value: String)]) async throws(CommandError) -> Never {
        var feed = EventFeed(api, "/events", query, sleep: self.context.sleep, warn: self.context.console.warn)
        while true {
            let event: ServerSentEvent
            let change: Change
            do throws(TrackerFailure) {
                event = try await feed.next()
                guard let known = try Change(event) else { continue }
                change = known
            } catch {
                throw error.commandError(at: feed.address)
            }
            switch change {
            case .process(let process, let revision):
                guard self.shown.isNew(process.id, self.isJSON ? "\(revision)" : self.change(process)) else { continue }
                if self.isJSON {
                    try self.context.console.write(SingleLine.json(event.data))
                } else {
                    try self.show(
                        [process.id, process.kind], self.change(process), TextStyle(process.status),
                        at: process.updatedAt)
                }
            case .removed(let id):
                self.shown.forget(id)
                if self.isJSON {
                    try self.context.console.write(SingleLine.json(Self.removal(id)))
                } else {
                    try self.show([id], "removed", .faint, at: nil)
                }
            }
        }
    }

    /// What an event tells.
    private enum Change {
        case process(ProcessView, revision: Int64)
        case removed(String)

        /// Nil for an event that is newer than this program.
        init?(_ event: ServerSentEvent) throws(TrackerFailure) {
            let name = event.name
            guard name == "process" || name == "removed" else { return nil }
            self = try Answer.read(event.data) { fields throws(JSONFieldError) in
                guard name == "process" else { return .removed(try fields.requireString("process_id")) }
                let revision = try fields.requireInteger("revision")
                return .process(try ProcessView(&fields), revision: revision)
            }
        }
    }

    private func change(_ process: ProcessView) -> String {
        WatchLine(process, now: self.context.clock.now()).change
    }

    private func show(
        _ names: [String], _ change: String, _ style: TextStyle, at instant: Timestamp?
    ) throws(CommandError) {
        let console = self.context.console
        let time = TimeText.absolute(instant ?? self.context.clock.now())
        let name = names.map(DisplayText.escaping).joined(separator: "  ")
        guard let width = console.measureWidth() ?? console.width else {
            return try console.emit("\(time)  \(name)  \(change)\n")
        }
        // Whoever looks on knows the day.
        let start = "\(time.dropFirst("2026-11-08 ".count))  \(name)  "
        let line = DisplayWidth.truncated(start + change, to: width, hasUnicode: console.hasUnicode)
        let shown = line.dropFirst(start.count)
        let status = shown.prefix { $0 != " " }
        let styled = style.applied(to: String(status), hasColors: console.hasColors)
        try console.emit(line.prefix(start.count) + styled + shown.dropFirst(status.count) + "\n")
    }

    private static func removal(_ id: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("process_id", id)
        writer.member("removed", true)
        writer.endObject()
        return writer.finish()
    }
}
