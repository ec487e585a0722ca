internal import CSQLite
internal import Glibc

/// Jobs on their way to one thread that works on them.
///
/// `@unchecked Sendable`: `waiting`, `isClosed` and `accepted` are only touched between locking and unlocking `mutex`.
final class JobQueue<Job: Sendable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let arrival: UnsafeMutablePointer<pthread_cond_t>
    private var waiting: [Job] = []
    private var isClosed = false
    private var accepted = 0

    init() {
        self.mutex = .allocate(capacity: 1)
        self.arrival = .allocate(capacity: 1)
        pthread_mutex_init(self.mutex, nil)
        pthread_cond_init(self.arrival, nil)
    }

    deinit {
        pthread_cond_destroy(self.arrival)
        pthread_mutex_destroy(self.mutex)
        self.arrival.deallocate()
        self.mutex.deallocate()
    }

    /// Adds a job.
    ///
    /// - Returns: Whether it was taken; a closed queue takes none.
    func append(_ job: Job) -> Bool {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        guard !self.isClosed else { return false }
        self.waiting.append(job)
        self.accepted += 1
        // Whoever finds jobs waiting already knows that the thread was woken for them.
        if self.waiting.count == 1 { pthread_cond_signal(self.arrival) }
        return true
    }

    /// How many jobs were taken since the beginning, those that are done included.
    var acceptedCount: Int {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return self.accepted
    }

    /// Takes everything that waits; blocks until there is something.
    ///
    /// - Parameter yielding: Whether threads that are ready to run may first do so, and add what they have: more of it is
    ///   taken at once where the machine is busy, and nothing is waited for where it is not.
    /// - Returns: The jobs in their order; `nil` once the queue is closed and empty.
    func takeAll(yielding: Bool = false) -> [Job]? {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        while self.waiting.isEmpty {
            if self.isClosed { return nil }
            pthread_cond_wait(self.arrival, self.mutex)
        }
        if yielding {
            pthread_mutex_unlock(self.mutex)
            sched_yield()
            pthread_mutex_lock(self.mutex)
        }
        var jobs: [Job] = []
        jobs.reserveCapacity(self.waiting.count)
        swap(&jobs, &self.waiting)
        return jobs
    }

    /// Takes no more jobs; those that wait are still worked on.
    func close() {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        self.isClosed = true
        pthread_cond_signal(self.arrival)
    }
}

/// Starts a thread of our own for calls that block.
///
/// - Parameters:
///   - name: What tools show it as, at most 15 bytes.
///   - body: What it does; the thread ends with it.
/// - Returns: Whether the system gave a thread.
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    // Signals are for the threads that wait for them; a write must not be interrupted by one.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(name, body))
    let code = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
            csqlite_name_thread(start.name)
            start.body()
            return nil
        }, start.toOpaque())
    guard code == 0 else {
        start.release()
        return false
    }
    pthread_detach(thread)
    return true
}
