internal import EventLoop
internal import Glibc

/// A connection of a client, whose waiting is done by a loop.
///
/// `@unchecked Sendable`: everything but constants is touched on the loop's thread only.
final class ClientSocket: @unchecked Sendable {
    private let descriptor: Int32
    private let loop: EventLoop
    private let address: HostPort
    private var watcher: EventRegistration?
    private var waiter: CheckedContinuation<Void, Never>?
    private var failure: HTTPClientError?
    private var isOpen = true

    /// How many bytes the system has taken since the last call of ``beginRequest()``.
    private(set) var bytesSent = 0

    private init(descriptor: Int32, loop: EventLoop, address: HostPort) {
        self.descriptor = descriptor
        self.loop = loop
        self.address = address
    }

    /// Begins to connect; ``finishConnecting()`` waits for it.
    static func connect(
        to target: SocketAddress, address: HostPort, loop: EventLoop
    ) throws(HTTPClientError) -> ClientSocket {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(target.family, type, 0)
        guard descriptor >= 0 else { throw HTTPClientError.connecting(errno, to: address) }
        let client = ClientSocket(descriptor: descriptor, loop: loop, address: address)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        if target.withPointer({ Glibc.connect(descriptor, $0, $1) }) != 0, errno != EINPROGRESS {
            let error = HTTPClientError.connecting(errno, to: address)
            client.close()
            throw error
        }
        return client
    }

    func finishConnecting() async throws(HTTPClientError) {
        try await self.wait(for: .writable)
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(self.descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        if error != 0 { throw HTTPClientError.connecting(error, to: self.address) }
    }

    /// Ends the connection. Must have been called when the last reference goes.
    func close() {
        guard self.isOpen else { return }
        self.isOpen = false
        self.watcher?.cancel()
        Glibc.close(self.descriptor)
        self.waiter.take()?.resume()
    }

    /// Has whoever waits on this socket, now or later, throw an error.
    func fail(_ error: HTTPClientError) {
        self.failure = self.failure ?? error
        self.watcher?.cancel()
        self.waiter.take()?.resume()
    }

    /// Whether the other side has left the connection open and said nothing on it since the last answer.
    var isReusable: Bool {
        var byte: UInt8 = 0
        return self.isOpen && self.failure == nil
            && recv(self.descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) < 0 && errno == EAGAIN
    }

    func beginRequest() {
        self.bytesSent = 0
    }

    /// Sends everything.
    ///
    /// - Returns: Whether all of it was sent. Where not, the other side has closed, but may have answered before.
    func write(_ bytes: [UInt8]) async throws(HTTPClientError) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(self.descriptor, $0.baseAddress! + offset, $0.count - offset, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                offset += count
                self.bytesSent += count
            } else if errno == EAGAIN {
                try await self.wait(for: .writable)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Reads what is there, waiting for at least one byte.
    ///
    /// - Returns: The bytes; none at the end of the connection, which may be a reset.
    func read() async throws(HTTPClientError) -> [UInt8] {
        while true {
            var result = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
                result = recv(self.descriptor, buffer.baseAddress, buffer.count, 0)
                count = max(0, result)
            }
            if result >= 0 { return bytes }
            switch errno {
            case EAGAIN: try await self.wait(for: .readable)
            case EINTR: break
            default: return []
            }
        }
    }

    private func wait(for events: DescriptorEvents) async throws(HTTPClientError) {
        precondition(self.loop.isCurrent, "a client's socket is used on its loop only")
        await withCheckedContinuation { continuation in
            // Looked at in here: `await` may take a turn of the loop, and what ends this wait may happen during it.
            guard self.isOpen, self.failure == nil else {
                continuation.resume()
                return
            }
            self.waiter = continuation
            self.watcher = self.loop.watch(self.descriptor, for: events) { _ in
                self.watcher?.cancel()
                self.waiter.take()?.resume()
            }
        }
        if let failure = self.failure { throw failure }
    }
}
