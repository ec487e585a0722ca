internal import CLibevent
internal import EventLoop
internal import Glibc
internal import ProcessHTTP

/// One connection of a server, beside the one that evhttp keeps: what evhttp does not do.
///
/// - It reads the socket, sees the raw bytes of each head before evhttp parses them (``HeadScanner``), and knows how long
///   each part of a request has been taking.
/// - It writes answers straight to the socket, in one piece, and leaves to evhttp only what does not fit.
/// - It replaces the HTML answers that evhttp gives by itself: to what is no HTTP, to a body beyond the cap, to an
///   unknown method or `Expect`. They pass through the output buffer, where a callback notices them; so none remain.
///   The handler does not see those requests, and HEAD is not known as such for them: the answer has a body.
///
/// While a handler works, evhttp does not look at the socket. So this notices when the client goes; but only when a
/// request takes longer than a tick, and at once where it says it will wait. What is quicker is answered, also to a client
/// that has closed its sending side.
///
/// `@unchecked Sendable`: everything but constants is touched on the loop's thread only.
final class ServerConnection: @unchecked Sendable {
    enum Phase {
        case idle, readingHead, readingBody, handling, streaming, writing
    }

    let bufferEvent: OpaquePointer
    let owner: ServerLoop
    let input: OpaquePointer
    let output: OpaquePointer
    private(set) var inputCallback: OpaquePointer?
    private var outputCallback: OpaquePointer?

    /// evhttp's side; `nil` before ``attach()`` and after the end.
    private var connection: OpaquePointer?
    private var isClosed = false
    private(set) var phase = Phase.idle
    /// When the phase began or, for `writing`, when the client last took something.
    private var since = ServerConnection.now()
    var scanner = HeadScanner()
    /// The body of the request, where it comes in chunks.
    var chunks: ChunkScanner?

    /// The request that is being handled. evhttp frees it when it is answered, or with the connection.
    private var request: UnsafeMutablePointer<evhttp_request>?
    /// Tells the answer to a request that is gone from that to the request that is there.
    private var generation = 0
    private(set) var task: Task<Void, Never>?
    private var method = HTTPMethod.get
    private var persistence = ResponseEncoder.Persistence.keep
    private var takesChunks = true
    private var stream: StreamedAnswer?
    /// Whether the task is cancelled when the client goes.
    var mustNoticeClose = false
    var closeWatcher: EventRegistration?
    /// Fires while there is something to read, unless that is paused.
    var readEvent: OpaquePointer?
    var isReadingPaused = false
    private var isLastAnswer = false
    /// How much was still to be written when last looked at.
    private var unwritten = 0

    private var isWritingOwnAnswer = false
    private var isCorrectionScheduled = false
    /// The client may still be sending when the connection is closed.
    private var mustLinger = false

    init(owner: ServerLoop, bufferEvent: OpaquePointer) {
        self.owner = owner
        self.bufferEvent = bufferEvent
        self.input = bufferevent_get_input(bufferEvent)
        self.output = bufferevent_get_output(bufferEvent)
    }

    /// Coarse, as it is asked for several times a request.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    func enter(_ phase: Phase) {
        self.phase = phase
        self.since = Self.now()
    }

    // MARK: Beginning and end

    func observeBuffers() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        self.inputCallback = evbuffer_add_cb(
            self.input,
            { _, info, context in
                guard let added = info?.pointee.n_added, added > 0 else { return }
                ServerConnection.from(context).received(behind: info!.pointee.orig_size)
            }, context)
        self.outputCallback = evbuffer_add_cb(
            self.output,
            { _, info, context in
                guard let added = info?.pointee.n_added, added > 0 else { return }
                ServerConnection.from(context).noticeOutput()
            }, context)
        bufferevent_incref(self.bufferEvent)
    }

    /// Finds evhttp's connection, which exists only after it has got its buffer event, and has it say when it ends.
    func attach() {
        guard self.connection == nil, !self.isClosed else { return }
        var argument: UnsafeMutableRawPointer?
        bufferevent_getcb(self.bufferEvent, nil, nil, nil, &argument)
        guard let argument else {
            // It could not be set up, and evhttp has dropped it.
            self.ended()
            return
        }
        let connection = OpaquePointer(argument)
        self.connection = connection
        evhttp_connection_set_closecb(
            connection, { _, context in ServerConnection.from(context).ended() },
            Unmanaged.passUnretained(self).toOpaque())
        self.startReading()
    }

    /// Cuts the connection off, whatever it is doing.
    func close() {
        self.attach()
        if let connection = self.connection { evhttp_connection_free(connection) }
    }

    /// Called by evhttp whenever it frees its connection, for whatever reason, before it closes the socket.
    private func ended() {
        guard !self.isClosed else { return }
        self.isClosed = true
        self.connection = nil
        self.request = nil
        self.endReading()
        self.stopNoticingClose()
        self.task?.cancel()
        self.task = nil
        self.stream?.abandon()
        self.stream = nil
        evbuffer_remove_cb_entry(self.input, self.inputCallback)
        evbuffer_remove_cb_entry(self.output, self.outputCallback)
        if self.mustLinger {
            let copy = fcntl(bufferevent_getfd(self.bufferEvent), F_DUPFD_CLOEXEC, 0)
            if copy >= 0 { self.owner.linger(on: copy) }
        }
        bufferevent_decref(self.bufferEvent)
        self.owner.forget(self)
    }

    // MARK: Time-outs

    var isIdle: Bool { self.phase == .idle }

    /// Whether the client has taken too long.
    func isExpired(at now: UInt64) -> Bool {
        let configuration = self.owner.configuration
        let elapsed = Duration.nanoseconds(Int64(clamping: now &- self.since))
        switch self.phase {
        case .idle: return elapsed > configuration.idleTimeout
        case .readingHead: return elapsed > configuration.headTimeout
        case .readingBody: return elapsed > configuration.bodyTimeout
        case .handling:
            if !self.mustNoticeClose, elapsed >= configuration.tick { self.noticeClose() }
            return false
        case .streaming:
            return self.stream?.isStuck(at: now, longest: configuration.writeTimeout) ?? false
        case .writing:
            let unwritten = evbuffer_get_length(self.output)
            if unwritten != self.unwritten {
                self.unwritten = unwritten
                self.since = now
                return false
            }
            return elapsed > configuration.writeTimeout
        }
    }

    // MARK: Handling

    /// evhttp has read a whole request.
    func handle(_ request: UnsafeMutablePointer<evhttp_request>) {
        let reader = RequestReader(
            request, head: self.scanner, chunks: self.chunks, maximumBodySize: self.owner.configuration.maximumBodySize)
        self.enter(.handling)
        self.request = request
        self.method = reader.request.method
        self.persistence = reader.persistence
        self.takesChunks = reader.takesChunks
        evhttp_request_set_on_complete_cb(
            request, { _, context in ServerConnection.from(context).answered() },
            Unmanaged.passUnretained(self).toOpaque())

        let generation = self.generation
        let message = reader.request
        self.task = Task(executorPreference: self.owner.loop) {
            let response = await self.owner.handler.respond(to: message)
            if let body = response.stream, message.method != .head {
                self.answer(response, streaming: body, generation: generation)
            } else {
                // Behind the work on all requests of this turn: each answer may wake a client, and one that wakes in the
                // middle of that work takes the processor from it.
                await Task.yield()
                self.answer(response, generation: generation)
            }
        }
        // Who says that it will wait (RFC 7240) is likely to be held, and nothing may be handed to it once it has gone.
        if message.headers["Prefer"] != nil { self.noticeClose() }
    }

    // MARK: Answering

    /// Whether the request that a task was made for still waits for its answer.
    private func awaits(_ generation: Int) -> Bool {
        precondition(self.owner.loop.isCurrent, "a task left its loop")
        return generation == self.generation && self.request != nil && self.connection != nil
    }

    private func answer(_ response: HTTPResponse, generation: Int) {
        guard self.awaits(generation), let connection = self.connection else { return }
        self.task = nil
        self.stopNoticingClose()
        let persistence = self.owner.isStopping ? .close : self.persistence

        let outcome = self.owner.encoder.encode(response, to: self.method, persistence: persistence) { self.write($0) }
        switch outcome {
        case .failed:
            evhttp_connection_free(connection)
            return
        case .complete, .partial:
            self.finishAnswer(persistence)
        }
    }

    /// Sends the head of an answer, and starts the task that writes its body, however long that takes.
    ///
    /// Not in the task of the handler: a task keeps the room of its deepest call until it ends.
    private func answer(_ response: HTTPResponse, streaming body: HTTPBodyStream, generation: Int) {
        guard self.awaits(generation), let connection = self.connection else { return }
        self.stopNoticingClose()
        let persistence = self.owner.isStopping || !self.takesChunks ? .close : self.persistence
        let framing = self.takesChunks ? ResponseEncoder.Framing.chunks : .close
        let outcome = self.owner.encoder.encode(
            response, to: self.method, persistence: persistence, framing: framing
        ) { self.write($0) }
        if case .failed = outcome {
            evhttp_connection_free(connection)
            return
        }
        let stream = StreamedAnswer(of: self, body: body, framing: framing)
        self.stream = stream
        self.enter(.streaming)
        stream.begin()
        self.task = Task(executorPreference: self.owner.loop) {
            await stream.writeBody()
            self.finish(stream, persistence)
        }
        // The client may have gone while the handler worked, and that is told only once.
        if Task.isCancelled { self.task?.cancel() }
    }

    private func finish(_ stream: StreamedAnswer, _ persistence: ResponseEncoder.Persistence) {
        precondition(self.owner.loop.isCurrent, "a task left its loop")
        guard stream.end() else { return }
        self.stream = nil
        self.task = nil
        self.finishAnswer(persistence)
    }

    /// Tells evhttp that the answer is sent, or will be with what is in the output buffer.
    private func finishAnswer(_ persistence: ResponseEncoder.Persistence) {
        guard let request = self.request else { return }
        // A chunked request is marked as chunked itself, and evhttp would take the answer for chunked, too.
        request.pointee.chunked = 0
        if evbuffer_get_length(self.output) > 0 {
            self.enter(.writing)
            self.unwritten = evbuffer_get_length(self.output)
            bufferevent_enable(self.bufferEvent, Int16(EV_WRITE))
        }
        if case .close = persistence {
            self.isLastAnswer = true
            evhttp_add_header(request.pointee.output_headers, "Connection", "close")
            if evbuffer_get_length(self.input) > 0 { self.mustLinger = true }
        }
        // evhttp has nothing to write itself.
        evhttp_send_reply_end(request)
        if self.request == nil, !self.isClosed { self.keepReading() }
    }

    /// Sends a piece of a body.
    func sendPiece(_ piece: [UInt8], framing: ResponseEncoder.Framing) -> WriteOutcome {
        precondition(self.owner.loop.isCurrent, "a task left its loop")
        return self.owner.encoder.encode(piece: piece, framing: framing) { self.write($0) }
    }

    enum WriteOutcome {
        case complete, partial, failed
    }

    /// Sends as much as the socket takes, and leaves the rest to the buffer event. That is two system calls and a turn
    /// of the loop less than to put everything into the buffer.
    private func write(_ bytes: UnsafeRawBufferPointer) -> WriteOutcome {
        var sent = 0
        if evbuffer_get_length(self.output) == 0 {
            sent = send(
                bufferevent_getfd(self.bufferEvent), bytes.baseAddress, bytes.count,
                Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            if sent < 0 {
                guard errno == EAGAIN || errno == EINTR else { return .failed }
                sent = 0
            }
        }
        if sent == bytes.count { return .complete }
        self.isWritingOwnAnswer = true
        evbuffer_add(self.output, bytes.baseAddress! + sent, bytes.count - sent)
        self.isWritingOwnAnswer = false
        return .partial
    }

    /// The answer is written, and evhttp goes on to the next request, or closes the connection.
    private func answered() {
        self.generation += 1
        self.request = nil
        self.enter(.idle)
        if self.isLastAnswer {
            // evhttp closes it as soon as this returns, but keeps it open after CONNECT.
            if self.method == .connect { self.owner.loop.execute { self.close() } }
            return
        }
        self.resumeReading()
        evbuffer_cb_set_flags(self.input, self.inputCallback, UInt32(EVBUFFER_CB_ENABLED))
        // The next request may be there already; then no callback announces it.
        if evbuffer_get_length(self.input) > 0 { self.received(behind: 0) }
    }

    // MARK: Answers of evhttp's own

    private func noticeOutput() {
        guard !self.isWritingOwnAnswer, !self.isCorrectionScheduled else { return }
        self.isCorrectionScheduled = true
        self.owner.scheduleCorrection(of: self)
    }

    /// Puts an answer of ours in place of evhttp's, with the same status. evhttp closes the connection behind it.
    func replaceForeignAnswer() {
        self.isCorrectionScheduled = false
        guard !self.isClosed, let code = self.statusInOutput(), code >= 200 else { return }  // 100 Continue stays.
        let isHeadTooLarge = code == 400 && self.scanner.size > self.owner.configuration.maximumHeadSize
        let status =
            if isHeadTooLarge { HTTPStatus.headerFieldsTooLarge } else if self.chunks?.fault != nil {
                // To evhttp, all that is wrong with chunks is their size.
                HTTPStatus.badRequest
            } else { HTTPStatus(code: code) }
        let response = self.owner.configuration.makeErrorResponse(status)

        self.isWritingOwnAnswer = true
        self.withUnfrozenOutput { _ = evbuffer_drain(self.output, evbuffer_get_length(self.output)) }
        self.owner.encoder.encode(response, to: nil, persistence: .close) { bytes in
            _ = evbuffer_add(self.output, bytes.baseAddress, bytes.count)
        }
        self.isWritingOwnAnswer = false
        self.mustLinger = true
        self.enter(.writing)
        self.unwritten = evbuffer_get_length(self.output)
    }

    /// The digits of `HTTP/1.1 400`, where that is how the output begins.
    private func statusInOutput() -> Int? {
        var start: (UInt64, UInt32) = (0, 0)
        return withUnsafeMutableBytes(of: &start) { bytes in
            let count = self.withUnfrozenOutput { evbuffer_copyout(self.output, bytes.baseAddress, 12) }
            return count == 12 ? bytes[9..<12].reduce(0) { $0 * 10 + Int($1 &- 0x30) } : nil
        }
    }

    /// Once the buffer event has written anything, `100 Continue` for instance, nobody else gets at the front of its output.
    private func withUnfrozenOutput<Answer>(_ body: () -> Answer) -> Answer {
        evbuffer_unfreeze(self.output, 1)
        defer { evbuffer_freeze(self.output, 1) }
        return body()
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> ServerConnection {
        Unmanaged<ServerConnection>.fromOpaque(context!).takeUnretainedValue()
    }
}
