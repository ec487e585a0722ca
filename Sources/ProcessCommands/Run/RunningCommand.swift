internal import Glibc

/// What happens around a command that runs.
enum RunEvent: Sendable {
    /// It has ended, and is to be reaped.
    case ended
    /// One of its streams has come to its end.
    case outputEnded(OutputPump.End)
    /// We got a signal.
    case signal(ReceivedSignal)
    /// Somebody asked the tracker for its end.
    case cancelRequested
    /// The tracker takes no more reports.
    case lost(RunReporter.Loss)
    /// It had its time to end by itself.
    case killDue
    /// Time to look whether anything of its group is left.
    case groupCheckDue
}

/// A command that was started, with the threads that pass its output on and wait for its end.
struct RunningCommand: Sendable {
    /// The command.
    let child: ChildProcess
    /// How many of its streams pass through us.
    let streamCount: Int

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - plan: What to start; its streams are filled in here.
    ///   - capturesOutput: Whether its output passes through us.
    ///   - environment: Where the output goes.
    ///   - capture: What remembers its end.
    ///   - send: Receives its end and that of its streams.
    /// - Throws: `SpawnError` when it can't be started; nothing is left of it then.
    init(
        starting plan: ChildProcess.Plan, capturesOutput: Bool, in environment: RunEnvironment, capture: OutputCapture,
        send: @escaping @Sendable (RunEvent) -> Void
    ) throws(SpawnError) {
        var plan = plan
        var streams: [(stream: OutputCapture.Stream, pipe: Pipe, destination: Int32)] = []
        var ends: [Int32] = []
        do throws(SpawnError) {
            let notice = try Self.pipe(&ends)
            if capturesOutput {
                let output = try Self.pipe(&ends)
                streams.append((.output, output, environment.output))
                plan.output = output.writing
                plan.error = output.writing
                // Where both go to the same place, one pipe carries both, so that what was printed first stays first.
                if !Self.isSame(environment.output, environment.error) {
                    let error = try Self.pipe(&ends)
                    streams.append((.error, error, environment.error))
                    plan.error = error.writing
                }
            }
            self.child = try ChildProcess(starting: plan)
            self.streamCount = streams.count
            for (_, pipe, _) in streams { close(pipe.writing) }
            try self.startThreads(streams, notice, environment.timing.linger, capture, send)
        } catch {
            for end in ends { close(end) }
            throw error
        }
    }

    private func startThreads(
        _ streams: [(stream: OutputCapture.Stream, pipe: Pipe, destination: Int32)], _ notice: Pipe,
        _ linger: Duration, _ capture: OutputCapture, _ send: @escaping @Sendable (RunEvent) -> Void
    ) throws(SpawnError) {
        do throws(CommandError) {
            for (stream, pipe, destination) in streams {
                let pump = OutputPump(
                    stream: stream, source: pipe.reading, destination: destination, exitNotice: notice.reading,
                    linger: linger, capture: capture)
                try BlockingThread.start { send(.outputEnded(pump.run())) }
            }
            let child = self.child
            try BlockingThread.start {
                child.waitForEnd()
                close(notice.writing)
                send(.ended)
            }
        } catch {
            // No thread is left to look after it: a command that nobody can follow is not run.
            self.child.signal(SIGKILL)
            _ = self.child.reap()
            throw SpawnError(errorNumber: EAGAIN)
        }
    }

    private static func pipe(_ ends: inout [Int32]) throws(SpawnError) -> Pipe {
        do {
            let pipe = try Pipe()
            ends += [pipe.reading, pipe.writing]
            return pipe
        } catch {
            throw SpawnError(errorNumber: EMFILE)
        }
    }

    private static func isSame(_ left: Int32, _ right: Int32) -> Bool {
        var first = stat()
        var second = stat()
        guard fstat(left, &first) == 0, fstat(right, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}
