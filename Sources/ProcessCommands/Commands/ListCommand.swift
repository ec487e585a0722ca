internal import ProcessCore

/// `list`: lists processes, page after page.
struct ListCommand: Sendable {
    private static let pageSize = 1000
    private static let fields =
        "process_id,kind,status,progress,error,created_at,started_at,finished_at,queue,cancel_requested"

    private static let followedFields =
        Self.fields + ",updated_at,attempt,max_attempts,cancel_reason,estimated_finish_at,revision"

    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ arguments: ParsedArguments) async throws(CommandError) {
        if arguments.has("--follow") { try await self.follow(arguments) }
        let isJSON = arguments.has("--json")
        let limit = try arguments.integer("--limit", in: 1...1_000_000) ?? 50
        var query = try self.filters(arguments)
        if !isJSON { query.append(("fields", Self.fields)) }
        let tracker = try self.context.tracker(arguments)
        let values: [JSONValue]
        let processes: [ProcessView]
        let isMore: Bool
        do throws(TrackerFailure) {
            (values, isMore) = try await Self.pages(query, upTo: limit, from: tracker)
            processes = isJSON ? [] : try Self.views(values)
        } catch {
            throw error.commandError(at: tracker.client.address)
        }
        if isJSON {
            try self.context.console.writeJSON(Self.array(values))
        } else if processes.isEmpty {
            self.context.console.warn("there are no such processes")
        } else {
            let table = ProcessTable(processes, now: self.context.clock.now()).table
            try self.context.console.print(table.render(for: self.context.console))
            if isMore, self.context.console.width != nil {
                self.context.console.warn("there are more; --limit shows more of them")
            }
        }
    }

    /// Prints the list, and then each change. With --json there are lines from the first on, and no array that never ends.
    private func follow(_ arguments: ParsedArguments) async throws(CommandError) -> Never {
        try ListFollower.check(arguments)
        let isJSON = arguments.has("--json")
        var query = try self.filters(arguments)
        let tracker = try self.context.tracker(arguments)
        var follower = ListFollower(self.context, isJSON: isJSON)
        if !isJSON {
            query.append(("fields", Self.followedFields))
            let processes: [ProcessView]
            do throws(TrackerFailure) {
                processes = try Self.views(try await Self.pages(query, upTo: ListFollower.newestShown, from: tracker).0)
            } catch {
                throw error.commandError(at: tracker.client.address)
            }
            for process in processes { follower.note(process) }
            let table = ProcessTable(processes, now: self.context.clock.now()).table
            try self.context.console.emit(table.render(for: self.context.console))
        }
        try await follower.run(tracker, query)
    }

    private static func pages(
        _ query: [(name: String, value: String)], upTo limit: Int, from tracker: TrackerAPI
    ) async throws(TrackerFailure) -> ([JSONValue], isMore: Bool) {
        var values: [JSONValue] = []
        var cursor: String?
        repeat {
            var page = query
            page.append(("limit", "\(min(limit - values.count, Self.pageSize))"))
            if let cursor { page.append(("cursor", cursor)) }
            let answer = try await tracker.get("/processes", page)
            let next = try Answer.read(answer) { fields throws(JSONFieldError) in
                values += try fields.requireElements("processes")
                return try fields.takeString("next_cursor")
            }
            guard next == nil || next != cursor else { throw .unintelligible("it sends the same cursor again") }
            cursor = next
        } while cursor != nil && values.count < limit
        return (values, cursor != nil)
    }

    private static func views(_ values: [JSONValue]) throws(TrackerFailure) -> [ProcessView] {
        do throws(JSONFieldError) {
            var processes: [ProcessView] = []
            for value in values {
                var fields = try value.object()
                processes.append(try ProcessView(&fields))
            }
            return processes
        } catch {
            throw .unintelligible(error.message)
        }
    }

    /// One array with each process as it was sent, on a line of its own.
    private static func array(_ values: [JSONValue]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (index, value) in values.enumerated() {
            bytes += [UInt8]((index == 0 ? "\n" : ",\n").utf8)
            bytes += value.text().bytes
        }
        return bytes + [UInt8]((values.isEmpty ? "]\n" : "\n]\n").utf8)
    }

    private func filters(_ arguments: ParsedArguments) throws(CommandError) -> [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        for status in try arguments.statuses() { query.append(("status", status.rawValue)) }
        for (option, name) in [("--kind", "kind"), ("--queue", "queue")] {
            for text in arguments.list(option) { query.append((name, try requireIdentifier(text, option))) }
        }
        for (key, value) in try arguments.metadata() { query.append(("metadata.\(key)", value)) }
        for (option, name) in [("--since", "created_after"), ("--before", "created_before")] {
            if let instant = try self.instant(arguments, option) { query.append((name, instant.rfc3339)) }
        }
        if arguments.has("--oldest") { query.append(("order", "oldest")) }
        return query
    }

    /// A time, or a length of time that is counted back from now.
    private func instant(_ arguments: ParsedArguments, _ option: String) throws(CommandError) -> Timestamp? {
        guard let text = arguments.value(option) else { return nil }
        if let instant = Timestamp(rfc3339: text) { return instant }
        guard let age = try? Duration(parsing: text) else {
            throw .usage(
                "\(option) must be a time such as 2026-11-08T10:00:00Z or an age such as 2h, not \(shown(text))")
        }
        return self.context.clock.now() - age
    }
}

extension ParsedArguments {
    /// The statuses given with `--status`.
    func statuses() throws(CommandError) -> [ProcessStatus] {
        var statuses: [ProcessStatus] = []
        for text in self.list("--status") {
            guard let status = ProcessStatus(rawValue: text) else {
                let known = ProcessStatus.allCases.map(\.rawValue)
                let nearest = NearestName.find(text, among: known).map { "; did you mean \($0)?" } ?? ""
                throw .usage("--status must be one of \(known.joined(separator: ", ")), not \(shown(text))\(nearest)")
            }
            statuses.append(status)
        }
        return statuses
    }
}
