internal import ProcessCore

/// `watch`: shows how one process goes until it has ended.
struct WatchCommand: Sendable {
    /// The exit code where the time allowed has passed.
    static let timedOutCode: Int32 = 4

    /// What is asked for where nobody reads the answer as it is: an input may be large, and is of no interest.
    private static let fields =
        "process_id,kind,status,progress,result,error,created_at,started_at,updated_at,finished_at,queue,attempt,"
        + "max_attempts,estimated_finish_at,cancel_requested,cancel_reason"

    /// What ends a watch.
    private enum End: Sendable {
        /// The process has ended, or can't be watched.
        case watched(Result<ProcessStatus, CommandError>)
        case timedOut
        /// Nothing that would end it.
        case nothing
    }

    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ arguments: ParsedArguments) async throws(CommandError) -> Int32 {
        let id = try requireIdentifier(arguments.operands[0], "ID")
        let timeout = try arguments.duration("--timeout")
        let style = try self.style(arguments)
        let api = try self.context.tracker(arguments)
        let view = WatchView(style, on: self.context.console, clock: self.context.clock)
        try self.context.signals.endProgram { view.leaveLine() }
        defer { view.leaveLine() }
        let query = style == .json ? [] : [(name: "fields", value: Self.fields)]
        let feed = EventFeed(api, "/events/\(id)", query, sleep: self.context.sleep, warn: view.warn)
        let end = await self.firstEnd(feed, view, id: id, isLive: style == .live, timeout: timeout)
        switch end {
        case .watched(let result): return try result.get().exitCode
        case .timedOut:
            let state = view.process.map { "\(id) is still \($0.status.rawValue)" } ?? "nothing was heard of \(id)"
            view.leaveLine()
            view.warn("gave up after \(timeout.map(TimeText.short) ?? ""): \(state)")
            return Self.timedOutCode
        case .nothing: return CommandError.Code.failed.rawValue
        }
    }

    private func style(_ arguments: ParsedArguments) throws(CommandError) -> WatchView.Style {
        switch (arguments.has("--json"), arguments.has("--quiet")) {
        case (true, true): throw .usage("--json prints lines and --quiet prints none; leave one of them out")
        case (true, false): return .json
        case (false, true): return .nothing
        case (false, false):
            return self.context.console.width != nil && self.context.console.canRedraw ? .live : .lines
        }
    }

    /// Follows the process, writes the line again each second, and looks at the clock, until one of them comes to an end.
    private func firstEnd(
        _ feed: EventFeed, _ view: WatchView, id: String, isLive: Bool, timeout: Duration?
    ) async -> End {
        let sleep = self.context.sleep
        return await withTaskGroup(of: End.self) { group in
            group.addTask {
                do throws(CommandError) {
                    return .watched(.success(try await self.follow(feed, view, id: id)))
                } catch {
                    return .watched(.failure(error))
                }
            }
            if let timeout {
                group.addTask { (try? await sleep(timeout)) == nil ? .nothing : .timedOut }
            }
            if isLive {
                group.addTask {
                    while (try? await sleep(.seconds(1))) != nil { try? view.tick() }
                    return .nothing
                }
            }
            var first = End.nothing
            for await end in group {
                if case .nothing = first { first = end }
                if case .nothing = end { continue }
                group.cancelAll()
            }
            return first
        }
    }

    private func follow(
        _ feed: EventFeed, _ view: WatchView, id: String
    ) async throws(CommandError) -> ProcessStatus {
        var feed = feed
        while true {
            let event: ServerSentEvent
            let process: ProcessView
            do throws(TrackerFailure) {
                event = try await feed.next()
                if event.name == "removed" { break }
                guard event.name == "process" else { continue }
                process = try ProcessView.read(event.data)
            } catch {
                throw error.commandError(at: feed.address)
            }
            try view.show(process, event.data)
            guard process.status.isFinished else { continue }
            try view.finish()
            return process.status
        }
        throw .failed("the process \(id) was removed")
    }
}

extension ProcessStatus {
    /// The exit code of a command that waited for the end of a process.
    var exitCode: Int32 {
        switch self {
        case .completed: 0
        case .failed, .pending, .running: 1
        case .cancelled: 3
        }
    }
}
