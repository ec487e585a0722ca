internal import ProcessCore
internal import ProcessHTTP

/// `tail`: prints the output of one process as it comes.
struct TailCommand: Sendable {
    private static let pageSize: Int64 = 1000

    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ arguments: ParsedArguments) async throws(CommandError) -> Int32 {
        let id = try requireIdentifier(arguments.operands[0], "ID")
        let after = Int64(try arguments.integer("--after", in: 0...Int.max) ?? 0)
        var types: Set<String> = []
        for type in arguments.list("--type") { types.insert(try requireIdentifier(type, "--type")) }
        let api = try self.context.tracker(arguments)
        let view = OutputView(on: self.context.console, isJSON: arguments.has("--json"), types: types)
        defer { try? view.endLine() }
        if arguments.has("--no-follow") {
            try await self.printPages(api, id, after: after, view)
            return 0
        }
        let process = try await self.follow(api, id, after: after, view)
        switch process.status {
        case .failed: view.warn("\(id) failed" + Self.reason(process.failure))
        case .cancelled: view.warn("\(id) was cancelled" + Self.reason(process.cancelReason ?? process.failure))
        case .completed, .pending, .running: break
        }
        return process.status.exitCode
    }

    private static func reason(_ text: String?) -> String { text.map { ": \(DisplayText.escaping($0))" } ?? "" }

    // MARK: As it comes

    /// Prints what is there and what comes, until the process has ended.
    private func follow(
        _ api: TrackerAPI, _ id: String, after: Int64, _ view: OutputView
    ) async throws(CommandError) -> ProcessView {
        let query = after > 0 ? [(name: "after", value: "\(after)")] : []
        var feed = EventFeed(api, "/stream/\(id)", query, sleep: self.context.sleep, warn: view.warn)
        var last = after
        while true {
            let event: ServerSentEvent
            let chunk: OutputChunk
            do throws(TrackerFailure) {
                event = try await feed.next()
                chunk = try OutputChunk(event)
            } catch {
                throw error.commandError(at: feed.address)
            }
            switch event.name {
            case "done", "error":
                try view.note(chunk)
                do throws(TrackerFailure) { return try ProcessView.read(event.data) } catch {
                    throw error.commandError(at: feed.address)
                }
            case "removed": throw .failed("the process \(id) was removed")
            case "gap":
                try view.note(chunk)
                if let index = chunk.index {
                    Self.warnOfGap(last + 1...max(last + 1, index), view)
                    last = max(last, index)
                }
            default:
                // Whatever a tracker sends twice is printed once.
                guard let index = chunk.index, index > last else { continue }
                last = index
                try Self.show(chunk, view)
            }
        }
    }

    // MARK: What is there

    /// Prints what is there now, page after page.
    private func printPages(
        _ api: TrackerAPI, _ id: String, after: Int64, _ view: OutputView
    ) async throws(CommandError) {
        var headers = HTTPHeaders()
        headers.add("Accept", "application/json")
        var last = after
        var end: Int64?
        while end.map({ last < $0 }) ?? true {
            var chunks: [OutputChunk] = []
            do throws(TrackerFailure) {
                let answer = try await api.send(
                    .get, "/stream/\(id)", [("after", "\(last)"), ("limit", "\(Self.pageSize)")], headers: headers)
                let newest = try Answer.read(answer) { fields throws(JSONFieldError) in
                    for value in try fields.requireElements("chunks") { chunks.append(try OutputChunk(value)) }
                    return try fields.requireInteger("last")
                }
                // What comes meanwhile is not waited for, so that this has an end.
                end = end ?? newest
            } catch {
                throw error.commandError(at: api.client.address)
            }
            if chunks.isEmpty {
                if let end, end > last { try Self.noteGap(last + 1...end, view) }
                return
            }
            for chunk in chunks {
                guard let index = chunk.index, index > last else { continue }
                if index > last + 1 { try Self.noteGap(last + 1...index - 1, view) }
                last = index
                try Self.show(chunk, view)
            }
        }
    }

    /// Says of a gap between pages what the tracker says of one to those who follow.
    private static func noteGap(_ range: ClosedRange<Int64>, _ view: OutputView) throws(CommandError) {
        try view.noteGap(range)
        Self.warnOfGap(range, view)
    }

    // MARK: Both

    private static func show(_ chunk: OutputChunk, _ view: OutputView) throws(CommandError) {
        guard chunk.type == "restart" else { return try view.show(chunk) }
        try view.note(chunk)
        var fields = try? chunk.data.object()
        let attempt = (try? fields?.takeInteger("attempt")).map { " \($0)" } ?? ""
        view.warn("attempt\(attempt) begins; what was printed before is of an earlier one")
    }

    private static func warnOfGap(_ range: ClosedRange<Int64>, _ view: OutputView) {
        let what =
            range.count == 1 ? "chunk \(range.lowerBound) is" : "chunks \(range.lowerBound) to \(range.upperBound) are"
        view.warn("\(what) missing: the tracker keeps only the newest output")
    }
}
