internal import ProcessCore
internal import Synchronization

/// A thread that works on a queue with something that only it may touch, and lets go of that at its end.
final class StoreThread<Job: Sendable>: Sendable {
    private let queue = JobQueue<Job>()
    private let end = ThreadEnd()

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: What tools show it as.
    ///   - resource: What the thread works with.
    ///   - work: Works on the queue until it is closed and empty.
    /// - Throws: `unavailable` where the system gives no thread.
    init<Resource>(
        _ name: String, with resource: sending Resource,
        _ work: @escaping @Sendable (Resource, JobQueue<Job>) -> Void
    ) throws(ProcessRepositoryError) {
        let handover = Handover(resource)
        let isStarted = startThread(name) { [queue, end] in
            if let resource = handover.take() { work(resource, queue) }
            end.reach()
        }
        guard isStarted else { throw ProcessRepositoryError(.unavailable, "the system gives no thread for the store") }
    }

    deinit { self.queue.close() }

    /// How many jobs it was handed since the beginning.
    var acceptedCount: Int { self.queue.acceptedCount }

    /// Hands a job to the thread.
    ///
    /// - Returns: Whether it was taken; a closed thread takes none.
    func append(_ job: Job) -> Bool { self.queue.append(job) }

    /// Takes no more jobs, and waits until those that were taken are done and the resource is let go of.
    func close() async {
        self.queue.close()
        await self.end.wait()
    }
}

/// Something on its way from the thread that made it to the one thread that uses it.
///
/// `@unchecked Sendable`: it came in as `sending`, so nobody else has it, and it is taken out once, under a lock.
private final class Handover<Resource>: @unchecked Sendable {
    private let isTaken = Mutex(false)
    private var resource: Resource?

    init(_ resource: sending Resource) {
        self.resource = resource
    }

    /// Takes it out, the first time.
    func take() -> Resource? {
        self.isTaken.withLock { isTaken in
            defer { isTaken = true }
            return isTaken ? nil : self.resource.take()
        }
    }
}

/// The end of a thread, which tasks wait for.
private final class ThreadEnd: Sendable {
    private struct State {
        var isReached = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Wakes everybody who waits.
    func reach() {
        let waiting = self.state.withLock { state in
            state.isReached = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits for the end.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isReached = self.state.withLock { state in
                if !state.isReached { state.waiting.append(continuation) }
                return state.isReached
            }
            if isReached { continuation.resume() }
        }
    }
}
