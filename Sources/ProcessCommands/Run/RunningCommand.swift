internal import Glibc

/// What happens around a command that runs.
enum RunEvent: Sendable {
    /// It has ended, and is to be reaped.
    case ended
    /// One of its streams has come to its end.
    case outputEnded(OutputPump.End)
    /// We got a signal.
    case signal(ReceivedSignal)
    /// The tracker answered the start at last.
    case tracked(RunTracking)
    /// Somebody asked the tracker for its end.
    case cancelRequested
    /// It may take no longer.
    case timeUp
    /// The tracker takes no more reports.
    case lost(RunLoss)
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
        var streams: [Stream] = []
        var ends: [Int32] = []
        do throws(SpawnError) {
            if capturesOutput {
                let output = try Stream(.output, to: environment.output, &ends)
                streams.append(output)
                plan.output = output.pipe.writing
                plan.error = output.pipe.writing
                // Where both go to the same place, one pipe carries both, so that what was printed first stays first.
                if !Self.isSame(environment.output, environment.error) {
                    let error = try Stream(.error, to: environment.error, &ends)
                    streams.append(error)
                    plan.error = error.pipe.writing
                }
            }
            self.child = try ChildProcess(starting: plan)
            self.streamCount = streams.count
            for stream in streams { Self.close(stream.pipe.writing, &ends) }
            try self.startThreads(streams, &ends, environment.timing.linger, capture, send)
        } catch {
            for end in ends { Glibc.close(end) }
            throw error
        }
    }

    /// One stream of the command that passes through us.
    private struct Stream {
        let stream: OutputCapture.Stream
        let pipe: Pipe
        /// Says that the command has ended, by being closed.
        let notice: Pipe
        let destination: Int32

        /// Makes its pipes, and adds their ends to those that are open.
        init(_ stream: OutputCapture.Stream, to destination: Int32, _ ends: inout [Int32]) throws(SpawnError) {
            self.stream = stream
            self.destination = destination
            self.pipe = try RunningCommand.pipe(&ends)
            self.notice = try RunningCommand.pipe(&ends)
        }
    }

    /// Starts the threads, each of which takes over the ends that it closes.
    private func startThreads(
        _ streams: [Stream], _ ends: inout [Int32], _ linger: Duration, _ capture: OutputCapture,
        _ send: @escaping @Sendable (RunEvent) -> Void
    ) throws(SpawnError) {
        do throws(CommandError) {
            let child = self.child
            let notices = streams.map(\.notice.writing)
            // The waiting thread first: without it the others would never end.
            try BlockingThread.start {
                child.waitForEnd()
                for notice in notices { Glibc.close(notice) }
                send(.ended)
            }
            ends.removeAll { notices.contains($0) }
            for stream in streams {
                let pump = OutputPump(
                    stream: stream.stream, source: stream.pipe.reading, destination: stream.destination,
                    exitNotice: stream.notice.reading, linger: linger, capture: capture)
                try BlockingThread.start { send(.outputEnded(pump.run())) }
                ends.removeAll { $0 == pump.source || $0 == pump.exitNotice }
            }
        } catch {
            // No thread is left to look after it: a command that nobody can follow is not run.
            self.child.signal(SIGKILL)
            _ = self.child.reap()
            throw SpawnError(errorNumber: EAGAIN)
        }
    }

    private static func close(_ end: Int32, _ ends: inout [Int32]) {
        Glibc.close(end)
        ends.removeAll { $0 == end }
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
        // One that was closed stands open for reading only, and what is written to the other must not be lost with it.
        guard (fcntl(left, F_GETFL) & O_ACCMODE) != O_RDONLY else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}
