internal import CLibevent
internal import EventLoop
internal import ProcessHTTP

/// An answer whose body is sent piece by piece.
///
/// Only one piece waits for the client at a time: whoever writes waits with it. Meanwhile evhttp does not hear of the
/// connection, since its own write callback would take the first piece for the whole answer.
///
/// `@unchecked Sendable`: touched on the loop's thread only.
final class StreamedAnswer: HTTPBodyWriter, @unchecked Sendable {
    private let connection: ServerConnection
    private let framing: ResponseEncoder.Framing
    private let body: HTTPBodyStream
    private var callbacks = Callbacks()
    private var isOver = false
    /// When something was sent last or, with something waiting, when the client last took a part of it.
    private var since = ServerConnection.now()
    private var unwritten = 0
    private var writer: CheckedContinuation<Void, Never>?

    /// What evhttp has the buffer event call.
    private struct Callbacks {
        var read: bufferevent_data_cb?
        var write: bufferevent_data_cb?
        var event: bufferevent_event_cb?
        var context: UnsafeMutableRawPointer?
    }

    init(of connection: ServerConnection, body: HTTPBodyStream, framing: ResponseEncoder.Framing) {
        self.connection = connection
        self.body = body
        self.framing = framing
    }

    // MARK: Beginning and end

    /// Takes the connection over from evhttp.
    func begin() {
        let bufferEvent = self.connection.bufferEvent
        var callbacks = Callbacks()
        bufferevent_getcb(
            bufferEvent, &callbacks.read, &callbacks.write, &callbacks.event, &callbacks.context)
        self.callbacks = callbacks
        bufferevent_setcb(
            bufferEvent, nil, { _, context in StreamedAnswer.from(context).drained() },
            { _, _, context in StreamedAnswer.from(context).connection.close() },
            Unmanaged.passUnretained(self).toOpaque())
        if evbuffer_get_length(self.connection.output) > 0 {
            self.waitForClient()
        } else {
            self.connection.noticeClose()
        }
    }

    /// Sends the end of the body and gives the connection back to evhttp, to be told that the answer is sent.
    ///
    /// - Returns: Whether it still is there to be told.
    func end() -> Bool {
        guard !self.isOver else { return false }
        if self.framing == .chunks { self.send([]) }
        guard !self.isOver else { return false }
        self.isOver = true
        self.connection.stopNoticingClose()
        bufferevent_setcb(
            self.connection.bufferEvent, self.callbacks.read, self.callbacks.write, self.callbacks.event,
            self.callbacks.context)
        return true
    }

    /// The connection has ended.
    func abandon() {
        self.isOver = true
        self.resumeWriter()
    }

    /// Whether the client has taken nothing for longer than it may; where nothing waits for it, and nothing was sent for long,
    /// sends the heartbeat.
    func isStuck(at now: UInt64, longest: Duration) -> Bool {
        let elapsed = Duration.nanoseconds(Int64(clamping: now &- self.since))
        let unwritten = evbuffer_get_length(self.connection.output)
        guard unwritten > 0 else {
            if elapsed >= self.body.heartbeatInterval { self.send(self.body.heartbeat) }
            return false
        }
        if unwritten != self.unwritten {
            self.unwritten = unwritten
            self.since = now
            return false
        }
        return elapsed > longest
    }

    // MARK: Writing

    /// Has the body written, up to its end or that of the connection.
    func writeBody() async { await self.body.write(self) }

    func write(_ piece: [UInt8]) async -> Bool {
        guard !self.isOver, !Task.isCancelled else { return false }
        if piece.isEmpty { return true }
        self.send(piece)
        if self.hasToWait {
            await withCheckedContinuation { continuation in
                // Looked at again: `await` may take a turn of the loop, and what ends this wait may happen during it.
                if self.hasToWait { self.writer = continuation } else { continuation.resume() }
            }
        }
        return !self.isOver
    }

    private var hasToWait: Bool { !self.isOver && evbuffer_get_length(self.connection.output) > 0 }

    private func send(_ piece: [UInt8]) {
        self.since = ServerConnection.now()
        switch self.connection.sendPiece(piece, framing: self.framing) {
        case .complete: break
        case .failed: self.connection.close()
        case .partial: self.waitForClient()
        }
    }

    private func waitForClient() {
        self.unwritten = evbuffer_get_length(self.connection.output)
        // A watcher and the buffer event cannot watch one socket; a client that goes now fails the writing.
        self.connection.stopNoticingClose()
        bufferevent_enable(self.connection.bufferEvent, Int16(EV_WRITE))
    }

    /// The client has taken everything.
    private func drained() {
        guard !self.isOver, evbuffer_get_length(self.connection.output) == 0 else { return }
        bufferevent_disable(self.connection.bufferEvent, Int16(EV_WRITE))
        self.since = ServerConnection.now()
        self.connection.noticeClose()
        self.resumeWriter()
    }

    private func resumeWriter() {
        self.writer.take()?.resume()
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> StreamedAnswer {
        Unmanaged<StreamedAnswer>.fromOpaque(context!).takeUnretainedValue()
    }
}
