internal import Glibc
internal import ProcessCore

/// What happens around a handler that runs.
enum HandlerEvent: Sendable {
    /// It has ended, and is to be reaped.
    case ended
    /// Its streams have come to their end.
    case streamsEnded(HandlerOutput)
    /// It has printed more than any result may have: nothing good can come of it any more.
    case tooMuchPrinted
    /// Somebody asked the tracker for its end.
    case cancelRequested
    /// The attempt may take no longer than this.
    case timeUp(after: Duration)
    /// The tracker takes no more reports on it.
    case lost(TrackerProblem)
    /// The worker has to end, and handlers with it.
    case stop
    /// The worker has to end at once.
    case kill
    /// It had its time to end by itself.
    case killDue
    /// Time to look whether anything of its group is left.
    case groupCheckDue
}

/// Starts handlers: each in a process group of its own, with the threads that serve its streams and wait for its end.
enum HandlerProcess {
    /// Starts a handler.
    ///
    /// - Parameters:
    ///   - command: Its words.
    ///   - claimed: The process it is to work on.
    ///   - environment: What is around.
    ///   - errors: What makes lines of its errors.
    ///   - send: Receives its end and that of its streams.
    /// - Returns: The handler.
    /// - Throws: `SpawnError` when it can't be started; nothing is left of it then.
    static func start(
        _ command: [[UInt8]], on claimed: ClaimedProcess, in environment: WorkEnvironment, errors: HandlerErrors,
        send: @escaping @Sendable (HandlerEvent) -> Void
    ) throws(SpawnError) -> ChildProcess {
        var ends: [Int32] = []
        do throws(SpawnError) {
            let input = try Self.pipe(&ends)
            let output = try Self.pipe(&ends)
            let error = try Self.pipe(&ends)
            let notice = try Self.pipe(&ends)
            // Our end only: the handler's is not affected by this.
            _ = fcntl(input.writing, F_SETFL, fcntl(input.writing, F_GETFL) | O_NONBLOCK)
            let child = try ChildProcess(
                starting: ChildProcess.Plan(
                    command: command, environment: Self.variables(claimed), input: input.reading,
                    output: output.writing, error: error.writing, ownGroup: true,
                    ignoredSignals: environment.ignoredSignals))
            environment.survivorGuard?.watch(child)
            for end in [input.reading, output.writing, error.writing] { close(end) }
            ends = [input.writing, output.reading, error.reading, notice.reading, notice.writing]
            let streams = HandlerStreams(
                input: (claimed.process.input ?? .null).bytes, toHandler: input.writing, fromOutput: output.reading,
                fromErrors: error.reading, exitNotice: notice.reading, linger: environment.timing.linger,
                errors: errors, destination: environment.error, onTooMuch: { send(.tooMuchPrinted) })
            do throws(CommandError) {
                // The waiting thread first: without it the other one would never end.
                try BlockingThread.start {
                    child.waitForEnd()
                    close(notice.writing)
                    send(.ended)
                }
            } catch {
                Self.abandon(child, environment)
                throw SpawnError(errorNumber: EAGAIN)
            }
            ends = [input.writing, output.reading, error.reading, notice.reading]
            do throws(CommandError) {
                try BlockingThread.start { send(.streamsEnded(streams.run())) }
            } catch {
                Self.abandon(child, environment)
                throw SpawnError(errorNumber: EAGAIN)
            }
            return child
        } catch {
            for end in ends { close(end) }
            throw error
        }
    }

    /// No thread is left to look after it: a handler that nobody can follow is not run.
    private static func abandon(_ child: ChildProcess, _ environment: WorkEnvironment) {
        child.signal(SIGKILL)
        environment.survivorGuard?.release(child)
        _ = child.reap()
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

    /// What a handler finds in its environment; what another tracker's process left there is none of its business.
    private static func variables(_ claimed: ClaimedProcess) -> [(name: String, value: String?)] {
        [
            ("PROCESS_ID", claimed.id), ("PROCESS_ATTEMPT", "\(claimed.attempt)"),
            ("PROCESS_MAX_ATTEMPTS", "\(claimed.process.maxAttempts)"), ("PROCESS_KIND", claimed.process.kind),
            ("PROCESS_QUEUE", claimed.process.queue), ("TRACKER_URL", claimed.api.client.address),
            ("TRACEPARENT", claimed.process.traceparent),
        ]
    }
}
