internal import ProcessCore

/// `status`: shows one process.
struct StatusCommand: Sendable {
    private let context: CommandContext

    init(_ context: CommandContext) {
        self.context = context
    }

    func run(_ arguments: ParsedArguments) async throws(CommandError) {
        let id = try requireIdentifier(arguments.operands[0], "ID")
        let tracker = try self.context.tracker(arguments)
        let answer: [UInt8]
        let process: ProcessView
        do throws(TrackerFailure) {
            answer = try await tracker.get("/status/\(id)")
            process = try ProcessView.read(answer)
        } catch {
            throw error.commandError(at: tracker.client.address)
        }
        if arguments.has("--json") {
            try self.context.console.writeJSON(answer)
        } else {
            let block = ProcessBlock(process, now: self.context.clock.now(), console: self.context.console)
            try self.context.console.print(block.render())
        }
    }
}
