internal import EventLoop
internal import Glibc

/// A stream socket on an event loop: connects, gathers what is written in one turn of the loop into one call of the
/// system, and hands out what comes in.
///
/// Everything about the connection that TLS would change is in here.
///
/// `@unchecked Sendable`: made and touched on its loop only; the closures it gives the loop run there too.
final class RedisSocket: @unchecked Sendable {
    /// What happens to a socket.
    enum Event {
        /// It is connected.
        case connected
        /// Bytes came in; valid only inside the call.
        case received(UnsafeRawBufferPointer)
        /// It is of no use any more, and closed; the text says why.
        case lost(String)
    }

    private let loop: EventLoop
    private var descriptor: Int32
    private var reading: EventRegistration?
    private var writing: EventRegistration?
    private var handler: ((Event) -> Void)?

    /// Filled by one read, and handed on before the next.
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    private var output: [UInt8] = []
    private var isFlushScheduled = false
    /// How many bytes were ever given to ``write(_:)``.
    private(set) var writtenCount = 0
    /// How many of them the system has taken: nobody else can have seen the others.
    private(set) var sentCount = 0

    /// Begins to connect.
    ///
    /// - Parameters:
    ///   - loop: The loop, which is the current one.
    ///   - address: Where to.
    ///   - handler: Hears what happens, never inside this call, nor after ``close()`` or `lost`.
    init(loop: EventLoop, to address: RedisAddress, handler: @escaping (Event) -> Void) {
        self.loop = loop
        self.handler = handler
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        self.descriptor = socket(address.family, type, 0)
        guard self.descriptor >= 0 else {
            self.loseLater("no socket: \(Self.text(of: errno))")
            return
        }
        if address.family != AF_UNIX {
            var on: Int32 = 1
            // Replies are waited for: nothing is gained by holding back a short write.
            setsockopt(self.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            setsockopt(self.descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        let result = address.bytes.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                connect(self.descriptor, $0.baseAddress, socklen_t(bytes.count))
            }
        }
        guard result == 0 || errno == EINPROGRESS else {
            self.loseLater(Self.text(of: errno))
            return
        }
        self.writing = loop.watch(self.descriptor, for: .writable) { _ in self.finishConnecting() }
    }

    deinit {
        self.input.deallocate()
    }

    /// Writes bytes, after all that are written in the same turn of the loop.
    func write(_ bytes: [UInt8]) {
        self.writtenCount += bytes.count
        if self.output.isEmpty {
            self.output = bytes
        } else {
            self.output.append(contentsOf: bytes)
        }
        guard !self.isFlushScheduled, self.writing == nil else { return }
        self.isFlushScheduled = true
        self.loop.execute {
            self.isFlushScheduled = false
            if self.writing == nil { self.flush() }
        }
    }

    /// Closes the socket at once; nothing is heard of it after that.
    func close() {
        self.handler = nil
        self.reading?.cancel()
        self.writing?.cancel()
        self.reading = nil
        self.writing = nil
        guard self.descriptor >= 0 else { return }
        Glibc.close(self.descriptor)
        self.descriptor = -1
    }

    private func finishConnecting() {
        self.writing?.cancel()
        self.writing = nil
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(self.descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        guard error == 0 else {
            self.lose(Self.text(of: error))
            return
        }
        self.reading = self.loop.watch(self.descriptor, for: .readable) { _ in self.read() }
        self.handler?(.connected)
        if !self.output.isEmpty { self.flush() }
    }

    private func flush() {
        guard self.descriptor >= 0, !self.output.isEmpty else { return }
        let count = self.output.withUnsafeBytes {
            send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count < 0, errno != EAGAIN, errno != EINTR {
            self.lose(Self.text(of: errno))
            return
        }
        let sent = max(count, 0)
        self.sentCount += sent
        if sent == self.output.count {
            self.output = []
            self.writing?.cancel()
            self.writing = nil
            return
        }
        self.output.removeSubrange(..<sent)
        if self.writing == nil {
            self.writing = self.loop.watch(self.descriptor, for: .writable) { _ in self.flush() }
        }
    }

    private func read() {
        let count = recv(self.descriptor, self.input.baseAddress, self.input.count, 0)
        if count > 0 {
            self.handler?(.received(UnsafeRawBufferPointer(rebasing: self.input[..<count])))
        } else if count == 0 {
            self.lose("the server closed the connection")
        } else if errno != EAGAIN && errno != EINTR {
            self.lose(Self.text(of: errno))
        }
    }

    private func lose(_ reason: String) {
        let handler = self.handler
        self.close()
        handler?(.lost(reason))
    }

    private func loseLater(_ reason: String) {
        self.loop.execute { self.lose(reason) }
    }

    private static func text(of error: Int32) -> String {
        String(cString: strerror(error))
    }
}
