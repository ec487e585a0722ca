internal import CLibevent
internal import EventLoop
internal import Glibc
internal import ProcessHTTP
internal import Synchronization

/// The part of a server that lives on one loop: an evhttp with its listening socket and its connections.
///
/// What evhttp 2.1.12 would answer itself, in HTML, is replaced before it leaves (see ``ServerConnection``).
///
/// `@unchecked Sendable`: everything but constants is touched on the loop's thread only.
final class ServerLoop: @unchecked Sendable {
    let loop: EventLoop
    let configuration: HTTPServer.Configuration
    let handler: any HTTPHandler

    var encoder: ResponseEncoder
    /// What a connection reads goes through here.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)
    private(set) var isStopping = false
    private var server: OpaquePointer?
    private var listener: OpaquePointer?
    /// By their `bufferevent`.
    private var connections: [OpaquePointer: ServerConnection] = [:]
    private var lingering: [ObjectIdentifier: LingeringClose] = [:]
    private var corrections: [ServerConnection] = []
    private var correctionEvent: OpaquePointer?
    private var sweepTimer: EventRegistration?
    private var graceTimer: EventRegistration?
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []

    init(loop: EventLoop, configuration: HTTPServer.Configuration, handler: any HTTPHandler) {
        self.loop = loop
        self.configuration = configuration
        self.handler = handler
        self.encoder = ResponseEncoder(serverName: configuration.serverName)
    }

    deinit {
        self.readBuffer.deallocate()
    }

    // MARK: Start

    func start(listeningOn descriptor: Int32) async {
        await withCheckedContinuation { continuation in
            self.loop.execute {
                self.open(descriptor)
                continuation.resume()
            }
        }
    }

    private func open(_ descriptor: Int32) {
        let base = self.loop.base
        guard let server = evhttp_new(base) else { fatalError("out of memory") }
        let context = Unmanaged.passUnretained(self).toOpaque()
        self.server = server
        // All that it knows. What it does not, it answers with 501.
        let methods = [
            EVHTTP_REQ_GET, EVHTTP_REQ_POST, EVHTTP_REQ_HEAD, EVHTTP_REQ_PUT, EVHTTP_REQ_DELETE, EVHTTP_REQ_OPTIONS,
            EVHTTP_REQ_TRACE, EVHTTP_REQ_CONNECT, EVHTTP_REQ_PATCH,
        ]
        evhttp_set_allowed_methods(server, methods.reduce(0) { $0 | UInt16($1.rawValue) })
        evhttp_set_max_headers_size(server, self.configuration.maximumHeadSize)
        evhttp_set_max_body_size(server, self.configuration.bodyCap)
        evhttp_set_bevcb(
            server, { base, context in ServerLoop.from(context).makeBufferEvent(base) }, context)
        evhttp_set_gencb(
            server, { request, context in ServerLoop.from(context).handle(request!) }, context)
        self.correctionEvent = event_new(
            base, -1, 0, { _, _, context in ServerLoop.from(context).runCorrections() }, context)
        self.listener = evhttp_accept_socket_with_handle(server, descriptor)
        self.watchAccepting(on: evhttp_bound_socket_get_listener(self.listener))
        self.scheduleSweep(after: .seconds(1))
    }

    private func makeBufferEvent(_ base: OpaquePointer?) -> OpaquePointer? {
        guard let bufferEvent = bufferevent_socket_new(base, -1, 0) else { return nil }
        let connection = ServerConnection(owner: self, bufferEvent: bufferEvent)
        connection.observeBuffers()
        if self.connections.isEmpty { self.scheduleSweep(after: self.configuration.tick) }
        self.connections[bufferEvent] = connection
        if let listener = self.listener, !self.hasDescriptorsToSpare(listener) { self.pauseAccepting(listener) }
        // evhttp makes its connection around the buffer event only after this returns.
        self.loop.execute { connection.attach() }
        return bufferEvent
    }

    // MARK: Accepting

    /// Who hears of failures at each listener: its own callback gets no context of ours.
    private static let failureHandlers = Mutex<[UInt: @Sendable (Int32) -> Void]>([:])

    /// Whether more descriptors are free than are left to others than connections: to the stores, and to libdispatch, which
    /// looks at files in /proc of its threads and ends the program where it can't. The system hands out the lowest that is free.
    private func hasDescriptorsToSpare(_ listener: OpaquePointer) -> Bool {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return true }
        let lowest = fcntl(evhttp_bound_socket_get_fd(listener), F_DUPFD_CLOEXEC, 0)
        guard lowest >= 0 else { return errno != EMFILE && errno != ENFILE }
        close(lowest)
        return rlim_t(lowest) < limit.rlim_cur - min(16, limit.rlim_cur / 4)
    }

    /// Until a sweep finds descriptors to spare.
    private func pauseAccepting(_ listener: OpaquePointer) {
        evconnlistener_disable(evhttp_bound_socket_get_listener(listener))
        self.configuration.onAcceptFailure(EMFILE)
    }

    private func watchAccepting(on listener: OpaquePointer?) {
        let handler = self.configuration.onAcceptFailure
        Self.failureHandlers.withLock { $0[UInt(bitPattern: listener)] = handler }
        evconnlistener_set_error_cb(listener) { listener, _ in
            let errorNumber = errno
            // Trying again at once would only spin. The next sweep switches it on again.
            evconnlistener_disable(listener)
            let handler = ServerLoop.failureHandlers.withLock { $0[UInt(bitPattern: listener)] }
            handler?(errorNumber)
        }
    }

    private func closeListener() {
        guard let server = self.server, let listener = self.listener else { return }
        let key = UInt(bitPattern: evhttp_bound_socket_get_listener(listener))
        Self.failureHandlers.withLock { $0[key] = nil }
        evhttp_del_accept_socket(server, listener)
        self.listener = nil
    }

    // MARK: Requests

    private func handle(_ request: UnsafeMutablePointer<evhttp_request>) {
        let bufferEvent = evhttp_connection_get_bufferevent(request.pointee.evcon)
        guard let connection = bufferEvent.flatMap({ self.connections[$0] }) else { return }
        connection.handle(request)
    }

    /// Has a connection's answer replaced, after what is running now and before the loop writes anything.
    func scheduleCorrection(of connection: ServerConnection) {
        self.corrections.append(connection)
        event_active(self.correctionEvent, Int32(EV_TIMEOUT), 0)
    }

    private func runCorrections() {
        let corrections = self.corrections
        self.corrections.removeAll(keepingCapacity: true)
        for connection in corrections { connection.replaceForeignAnswer() }
    }

    // MARK: Connections

    func forget(_ connection: ServerConnection) {
        self.connections[connection.bufferEvent] = nil
        self.finishStopIfDone()
    }

    /// Goes on reading, for a while, from a connection that is answered and closed for writing: closing it with unread
    /// bytes would make the system send a reset, and the client could lose the answer.
    func linger(on descriptor: Int32) {
        let lingering = LingeringClose(descriptor: descriptor)
        self.lingering[ObjectIdentifier(lingering)] = lingering
        lingering.start(on: self.loop) {
            self.lingering[ObjectIdentifier(lingering)] = nil
            self.finishStopIfDone()
        }
    }

    private func scheduleSweep(after delay: Duration) {
        self.sweepTimer?.cancel()
        self.sweepTimer = self.loop.schedule(after: delay) { self.sweep() }
    }

    private func sweep() {
        let now = ServerConnection.now()
        let expired = self.connections.values.filter { $0.isExpired(at: now) }
        for connection in expired { connection.close() }
        if let listener = self.listener {
            if self.hasDescriptorsToSpare(listener) {
                evconnlistener_enable(evhttp_bound_socket_get_listener(listener))
            } else {
                self.pauseAccepting(listener)
            }
        }
        self.scheduleSweep(after: self.connections.isEmpty ? .seconds(1) : self.configuration.tick)
    }

    // MARK: Stop

    /// The first step of a stop. What is being accepted is still served.
    func stopAccepting() async {
        await withCheckedContinuation { continuation in
            self.loop.execute {
                self.closeListener()
                continuation.resume()
            }
        }
    }

    /// After ``stopAccepting()``.
    func stop(grace: Duration) async {
        await withCheckedContinuation { continuation in
            self.loop.execute { self.stop(grace: grace, continuation) }
        }
    }

    private func stop(grace: Duration, _ continuation: CheckedContinuation<Void, Never>) {
        guard self.server != nil else {
            continuation.resume()
            return
        }
        self.stopWaiters.append(continuation)
        if self.isStopping { return }
        self.isStopping = true
        for connection in Array(self.connections.values) where connection.isIdle { connection.close() }
        self.graceTimer = self.loop.schedule(after: grace) {
            for connection in Array(self.connections.values) { connection.close() }
            for lingering in Array(self.lingering.values) { lingering.end() }
        }
        self.finishStopIfDone()
    }

    /// Not at once: evhttp may be in the middle of closing the last connection.
    private func finishStopIfDone() {
        guard self.isStopping, self.connections.isEmpty, self.lingering.isEmpty else { return }
        self.loop.execute {
            guard let server = self.server, self.connections.isEmpty else { return }
            evhttp_free(server)
            event_free(self.correctionEvent)
            self.server = nil
            self.correctionEvent = nil
            self.graceTimer?.cancel()
            self.sweepTimer?.cancel()
            let waiters = self.stopWaiters
            self.stopWaiters = []
            for waiter in waiters { waiter.resume() }
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> ServerLoop {
        Unmanaged<ServerLoop>.fromOpaque(context!).takeUnretainedValue()
    }
}
