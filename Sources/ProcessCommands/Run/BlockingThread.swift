internal import Glibc

/// A thread for one call that may block, which must not be done on an event loop or on a thread of the runtime's pool.
enum BlockingThread {
    /// Starts a detached thread.
    ///
    /// SIGPIPE is blocked there: writing to a pipe that nobody reads is an error to see, not the end of the program.
    ///
    /// - Parameter body: What to do there.
    /// - Throws: `CommandError` when there is no thread left.
    static func start(_ body: @escaping @Sendable () -> Void) throws(CommandError) {
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let result = pthread_create(&thread, nil, runBlockingThread, work.toOpaque())
        guard result == 0 else {
            work.release()
            throw .failed("cannot start a thread: \(String(cString: strerror(result)))")
        }
        pthread_detach(thread)
    }

    fileprivate final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

/// A plain function: a closure could inherit an isolation, and trap on this thread.
private func runBlockingThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    Unmanaged<BlockingThread.Work>.fromOpaque(context!).takeRetainedValue().body()
    return nil
}
