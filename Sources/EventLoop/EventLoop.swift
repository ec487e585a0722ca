internal import CLibevent
internal import Glibc

/// A thread that waits for sockets, timers and signals through libevent, and runs Swift tasks in between.
///
/// It is a `TaskExecutor`: a task started with it as its preference runs here and comes back here after each `await`, so
/// it may call C libraries bound to this loop's `event_base` without a hop or a lock.
///
/// Nothing that blocks may run here: everything else on the loop would wait for it.
///
/// Work that is handed over from another thread is queued under a lock, and the loop is woken once for all that has
/// gathered. Work handed over on the loop itself is queued without a lock and runs after the libevent callback that is
/// running, before the loop waits for input again, so this costs no system call.
///
/// A loop lives until ``shutdown()``; its thread keeps it alive.
///
/// `@unchecked Sendable`: `shared` is behind a mutex, `thread` is set before the thread starts, and everything in
/// `local` is touched on the loop's thread only (before that thread exists, by `init`; after it has ended, by the one
/// drain that `shared.isDrainingLate` admits).
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    /// What other threads may touch.
    struct Shared {
        var queue = WorkQueue()
        /// The loop was woken and has not taken the queue yet.
        var isWoken = false
        /// Closed loops have no thread and no `event_base` any more.
        var isClosed = false
        var isDrainingLate = false
        var shutdownRequested = false
        var shutdownWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// How many pieces of work run before sockets and timers get their turn.
    static let batchSize = 256

    /// For how many nanoseconds pieces of work run before sockets and timers get their turn. Without this bound, a task
    /// that yields between pieces of work that take long would be given all of a batch's turns, one after the other.
    static let longestBatch: UInt64 = 500_000

    /// For logs and debuggers: the name of the thread.
    public let name: String

    let shared = Locked(Shared())
    let eventBase: OpaquePointer
    private let wakeDescriptor: Int32

    // On the loop's thread only, from here on.
    private var queue = WorkQueue()
    private var wakeEvent: OpaquePointer?
    private var drainEvent: OpaquePointer?
    private var isDrainScheduled = false
    private var isShuttingDown = false
    var registrations: [ObjectIdentifier: EventRegistration] = [:]

    /// Starts a loop with a thread of its own.
    ///
    /// - Parameter name: The name of the thread; the system shows its first 15 bytes.
    /// - Throws: When there is no file descriptor or no thread left.
    public init(name: String = "event-loop") throws(EventLoopError) {
        _ = quietLibevent
        guard let eventBase = event_base_new() else { throw EventLoopError("Cannot create an event loop") }
        let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard descriptor >= 0 else {
            let error = EventLoopError("Cannot create a wake-up descriptor")
            event_base_free(eventBase)
            throw error
        }
        self.name = name
        self.eventBase = eventBase
        self.wakeDescriptor = descriptor

        let context = Unmanaged.passUnretained(self).toOpaque()
        // Edge-triggered: each write is one more edge, so the counter never has to be read back.
        self.wakeEvent = event_new(
            eventBase, descriptor, Int16(EV_READ | EV_PERSIST | EV_ET),
            { _, _, context in EventLoop.from(context).takeShared() }, context)
        self.drainEvent = event_new(
            eventBase, -1, 0, { _, _, context in EventLoop.from(context).drain() }, context)
        event_add(self.wakeEvent, nil)

        do throws(EventLoopError) {
            try self.startThread()
        } catch {
            self.freeEventBase()
            throw error
        }
    }

    deinit {
        // Not before: another thread may be about to wake a loop that is just ending.
        Glibc.close(self.wakeDescriptor)
    }

    // MARK: Where am I

    /// The loop whose thread is running this code, if any.
    public static var current: EventLoop? {
        guard let context = pthread_getspecific(currentLoopKey) else { return nil }
        return EventLoop.from(context)
    }

    /// Whether the calling code runs on this loop.
    @inline(__always)
    public var isCurrent: Bool {
        guard let context = pthread_getspecific(currentLoopKey) else { return false }
        return UnsafeRawPointer(context) == UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
    }

    /// The `event_base` of libevent, for a C library that is bound to the loop. Valid on the loop, until it shuts down:
    /// what was made with it must be freed, on the loop, before that. Calling this anywhere else is a programming error.
    public var base: OpaquePointer {
        precondition(self.isCurrent, "the event base may be used on its own loop only")
        precondition(!self.shared.withLock { $0.isClosed }, "the event loop has shut down")
        return self.eventBase
    }

    // MARK: Executor

    /// Runs a piece of a task on this loop. Called by the Swift runtime.
    public func enqueue(_ job: consuming ExecutorJob) {
        self.submit(.job(UnownedJob(job)))
    }

    // MARK: Closures

    /// Queues a closure to run on this loop, after everything queued before it. It never runs inside this call.
    ///
    /// Once the loop has shut down, closures and tasks still run, one at a time and in order, on a thread of the
    /// runtime's pool, so that nobody waits for ever for a late task; there is no `event_base` then.
    public func execute(_ body: @escaping @Sendable () -> Void) {
        self.submit(.closure(body))
    }

    /// Runs a closure at once when called on this loop, and queues it otherwise.
    public func runOrEnqueue(_ body: @escaping @Sendable () -> Void) {
        if self.isCurrent {
            body()
        } else {
            self.submit(.closure(body))
        }
    }

    // MARK: Shut-down

    /// Ends the loop: cancels all its timers and other events, runs what is queued, and what that queues in turn, and
    /// ends the thread. Returns when all memory and descriptors have been given back. Calling it again is harmless.
    ///
    /// C libraries bound to ``base`` must have been detached before.
    public func shutdown() async {
        await withCheckedContinuation { continuation in
            let isClosed = self.shared.withLock { shared in
                if !shared.isClosed { shared.shutdownWaiters.append(continuation) }
                shared.shutdownRequested = true
                return shared.isClosed
            }
            if isClosed {
                continuation.resume()
            } else {
                self.execute { self.beginShutdown() }
            }
        }
    }

    private func beginShutdown() {
        self.isShuttingDown = true
        if !self.shared.withLock({ $0.isClosed }) { event_base_loopbreak(self.eventBase) }
    }

    // MARK: Queue

    private func submit(_ work: LoopWork) {
        if self.isCurrent {
            self.queue.append(work)
            if !self.isDrainScheduled { self.scheduleDrain() }
            return
        }
        let action = self.shared.withLock { shared -> SubmitAction in
            shared.queue.append(work)
            if shared.isClosed {
                defer { shared.isDrainingLate = true }
                return shared.isDrainingLate ? .nothing : .drainLate
            }
            defer { shared.isWoken = true }
            return shared.isWoken ? .nothing : .wake
        }
        switch action {
        case .nothing: break
        case .wake: self.wake()
        case .drainLate: Task.detached { self.drainLate() }
        }
    }

    private enum SubmitAction {
        case nothing, wake, drainLate
    }

    /// An event made active on its own thread is handled in the same pass over the active events, so what a callback
    /// queues runs before the loop waits again.
    private func scheduleDrain() {
        guard let drainEvent = self.drainEvent else { return }
        self.isDrainScheduled = true
        event_active(drainEvent, Int32(EV_TIMEOUT), 0)
    }

    private func wake() {
        var one: UInt64 = 1
        // Cannot fail but for a full counter, and then the loop is being woken anyway.
        _ = write(self.wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Moves what other threads queued behind what was queued here.
    private func takeShared() {
        self.moveSharedToQueue()
        self.drain()
    }

    @discardableResult
    private func moveSharedToQueue() -> Bool {
        self.shared.withLock { shared in
            shared.isWoken = false
            if shared.queue.isEmpty { return false }
            // An empty queue is swapped, not copied, so that both keep their storage.
            if self.queue.isEmpty {
                swap(&self.queue, &shared.queue)
            } else {
                self.queue.append(contentsOf: shared.queue)
                shared.queue.removeAll()
            }
            return true
        }
    }

    private func drain() {
        self.isDrainScheduled = true  // What runs below need not schedule another one.
        var left = EventLoop.batchSize
        let end = Self.now() + Self.longestBatch
        while left > 0, let work = self.queue.popFirst() {
            self.run(work)
            left -= 1
            if Self.now() >= end { break }
        }
        self.isDrainScheduled = false
        if !self.queue.isEmpty, let drainEvent = self.drainEvent {
            // A timer that is due at once, unlike an active event, comes after the next look at the sockets.
            self.isDrainScheduled = true
            var now = timeval(tv_sec: 0, tv_usec: 0)
            event_add(drainEvent, &now)
        }
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private func run(_ work: LoopWork) {
        switch work {
        case .job(let job):
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        case .closure(let body):
            body()
        }
    }

    // MARK: Thread

    private func startThread() throws(EventLoopError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let result = pthread_create(&thread, &attributes, runEventLoopThread, retained.toOpaque())
        guard result == 0 else {
            retained.release()
            throw EventLoopError("Cannot start a thread", errorNumber: result)
        }
    }

    fileprivate func runThread() {
        pthread_setspecific(currentLoopKey, Unmanaged.passUnretained(self).toOpaque())
        _ = self.name.prefix(15).withCString { pthread_setname_np(pthread_self(), $0) }
        // Writing to a connection that is gone shall be an error, not a signal that ends the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        while !self.isShuttingDown {
            event_base_loop(self.eventBase, EVLOOP_NO_EXIT_ON_EMPTY)
        }
        let waiters = self.close()
        pthread_setspecific(currentLoopKey, nil)
        for waiter in waiters { waiter.resume() }
    }

    private func close() -> [CheckedContinuation<Void, Never>] {
        while true {
            for registration in self.registrations.values { registration.cancel(isLoopEnding: true) }
            while let work = self.queue.popFirst() { self.run(work) }
            if self.moveSharedToQueue() || !self.registrations.isEmpty { continue }
            let waiters = self.shared.withLock { shared -> [CheckedContinuation<Void, Never>]? in
                guard shared.queue.isEmpty else { return nil }
                shared.isClosed = true
                return shared.shutdownWaiters
            }
            if let waiters {
                self.freeEventBase()
                return waiters
            }
        }
    }

    private func freeEventBase() {
        for event in [self.wakeEvent, self.drainEvent] { event_free(event) }
        self.wakeEvent = nil
        self.drainEvent = nil
        event_base_free(self.eventBase)
    }

    /// Runs what arrived after the end. `isDrainingLate` lets in one thread at a time.
    private func drainLate() {
        pthread_setspecific(currentLoopKey, Unmanaged.passUnretained(self).toOpaque())
        defer { pthread_setspecific(currentLoopKey, nil) }
        while true {
            while let work = self.queue.popFirst() { self.run(work) }
            if self.moveSharedToQueue() { continue }
            let isDone = self.shared.withLock { shared in
                if shared.queue.isEmpty { shared.isDrainingLate = false }
                return shared.queue.isEmpty
            }
            if isDone { return }
        }
    }

    /// Whether timers and other events can still be added: not once the loop is ending.
    var acceptsRegistrations: Bool { !self.isShuttingDown && self.drainEvent != nil }

    @inline(__always)
    private static func from(_ context: UnsafeMutableRawPointer?) -> EventLoop {
        Unmanaged<EventLoop>.fromOpaque(context!).takeUnretainedValue()
    }
}

/// Its warnings would go to standard error as they are, between the lines of a log; what ends the process shall be seen.
private let quietLibevent: Void = event_set_log_callback { severity, message in
    guard severity >= EVENT_LOG_ERR, let message else { return }
    _ = write(STDERR_FILENO, message, strlen(message))
    _ = write(STDERR_FILENO, "\n", 1)
}

/// Holds, for each thread, the loop it belongs to.
private let currentLoopKey: pthread_key_t = {
    var key = pthread_key_t()
    let result = pthread_key_create(&key, nil)
    precondition(result == 0, "no thread-specific key left")
    return key
}()

/// A plain function: a closure could inherit an isolation, and trap on this thread.
private func runEventLoopThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    Unmanaged<EventLoop>.fromOpaque(context!).takeRetainedValue().runThread()
    return nil
}
