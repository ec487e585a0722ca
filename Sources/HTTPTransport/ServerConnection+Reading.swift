internal import CLibevent
internal import EventLoop
internal import Glibc

/// How a connection reads its socket, and notices that the client has gone.
///
/// evhttp switches the buffer event's reading off for each request and on again for the next. libevent would tell the
/// system each time, and ask it how much there is before it reads: three system calls beside the two that receive and
/// send. So an event of our own reads. It stays for as long as the connection, so nothing changes for the system.
extension ServerConnection {
    // MARK: The socket

    /// Takes the reading of the socket over from the buffer event.
    func startReading() {
        self.readEvent = event_new(
            bufferevent_get_base(self.bufferEvent), bufferevent_getfd(self.bufferEvent), Int16(EV_READ | EV_PERSIST),
            { _, _, context in ServerConnection.from(context).readable() }, Unmanaged.passUnretained(self).toOpaque())
        event_add(self.readEvent, nil)
        self.keepReading()
    }

    /// Keeps the buffer event from reading, too, after evhttp has switched that on.
    ///
    /// Where evhttp does that out of our sight, both read, and whoever comes first gets the bytes.
    func keepReading() {
        bufferevent_disable(self.bufferEvent, Int16(EV_READ))
    }

    func endReading() {
        if let readEvent = self.readEvent { event_free(readEvent) }
        self.readEvent = nil
    }

    private func readable() {
        switch self.phase {
        case .idle, .readingHead, .readingBody:
            self.read()
        case .handling, .streaming, .writing:
            // Not before the answer is written; and until then it would fire in each turn.
            event_del(self.readEvent)
            self.isReadingPaused = true
            if self.mustNoticeClose { self.lookForClose() }
        }
    }

    /// Reads what is there and has evhttp take it up, as the buffer event would.
    private func read() {
        let buffer = self.owner.readBuffer
        let count = recv(bufferevent_getfd(self.bufferEvent), buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        // evhttp may free its connection below.
        withExtendedLifetime(self) {
            if count > 0 {
                evbuffer_unfreeze(self.input, 0)
                evbuffer_add(self.input, buffer.baseAddress, count)
                evbuffer_freeze(self.input, 0)
                bufferevent_trigger(self.bufferEvent, Int16(EV_READ), 0)
            } else if count == 0 {
                bufferevent_trigger_event(self.bufferEvent, Int16(BEV_EVENT_READING | BEV_EVENT_EOF), 0)
            } else if errno != EAGAIN && errno != EINTR {
                bufferevent_trigger_event(self.bufferEvent, Int16(BEV_EVENT_READING | BEV_EVENT_ERROR), 0)
            }
        }
    }

    func resumeReading() {
        guard self.isReadingPaused else { return }
        self.isReadingPaused = false
        event_add(self.readEvent, nil)
    }

    // MARK: Heads

    /// Bytes have arrived that evhttp has not seen yet.
    func received(behind offset: Int) {
        self.attach()
        if self.phase == .idle {
            self.enter(.readingHead)
            self.scanner = HeadScanner()
            self.chunks = nil
        }
        if self.phase == .readingHead || self.chunks != nil { self.scanInput(from: offset) }
    }

    private func scanInput(from offset: Int) {
        var offset = offset
        let length = evbuffer_get_length(self.input)
        while offset < length {
            var position = evbuffer_ptr()
            evbuffer_ptr_set(self.input, &position, offset, EVBUFFER_PTR_SET)
            var piece = iovec()
            guard evbuffer_peek(self.input, -1, &position, &piece, 1) > 0, piece.iov_len > 0 else { return }
            let bytes = UnsafeRawBufferPointer(start: piece.iov_base, count: piece.iov_len)
            if self.chunks != nil {
                self.chunks?.scan(bytes)
                offset += piece.iov_len
            } else if let headLength = self.scanner.scan(bytes) {
                self.enter(.readingBody)
                guard self.scanner.hasTransferEncoding else {
                    // No more of interest until the next request; evhttp taking out the lines would call back each time.
                    evbuffer_cb_clear_flags(self.input, self.inputCallback, UInt32(EVBUFFER_CB_ENABLED))
                    return
                }
                self.chunks = ChunkScanner()
                offset += headLength
            } else {
                offset += piece.iov_len
            }
        }
    }

    // MARK: The client going

    /// Has the task cancelled when the client goes.
    func noticeClose() {
        self.mustNoticeClose = true
        if self.isReadingPaused { self.lookForClose() }
    }

    func stopNoticingClose() {
        self.mustNoticeClose = false
        self.closeWatcher?.cancel()
        self.closeWatcher = nil
    }

    /// The client has sent something, or gone, or both.
    private func lookForClose() {
        guard self.closeWatcher == nil else { return }
        let socket = bufferevent_getfd(self.bufferEvent)
        var byte: UInt8 = 0
        let count = recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) {
            self.task?.cancel()
        } else {
            // It may go behind what it has sent.
            self.closeWatcher = self.owner.loop.onDisconnect(of: socket) { self.task?.cancel() }
        }
    }
}
