import EventLoop
import Glibc
import HTTPTransport
import ProcessTestSupport
import Testing

/// A TCP connection whose bytes are chosen by the test, however wrong they are.
///
/// Waiting happens on a loop, so a test holds up no thread.
///
/// `@unchecked Sendable`: one task sends and one reads, and only reading changes anything.
final class RawConnection: @unchecked Sendable {
    private let descriptor: Int32
    private let loop: EventLoop
    private var received: [UInt8] = []
    private(set) var hasEnded = false

    /// Takes over a connected socket.
    init(descriptor: Int32, loop: EventLoop) {
        self.loop = loop
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    init(to address: HostPort, loop: EventLoop) throws {
        self.loop = loop
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try #require(self.descriptor >= 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = address.port.bigEndian
        target.sin_addr.s_addr = inet_addr(address.host)
        let result = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw ConnectionRefused() }
        var one: Int32 = 1
        setsockopt(self.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        _ = fcntl(self.descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(self.descriptor)
    }

    func send(_ text: String) async {
        await self.send(Array(text.utf8))
    }

    /// Sends everything, or as much as the other side takes before it goes; returns whether that was all.
    @discardableResult
    func send(_ bytes: [UInt8]) async -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress! + offset, $0.count - offset, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                offset += count
            } else if errno == EAGAIN {
                await self.wait(for: .writable)
            } else {
                return false
            }
        }
        return true
    }

    /// Says that nothing more will come, and goes on reading.
    func finishSending() {
        shutdown(self.descriptor, Int32(SHUT_WR))
    }

    /// Ends the connection with a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        // The descriptor itself is closed later: its number must not be used again by another test meanwhile.
        let replacement = open("/dev/null", O_RDWR)
        dup2(replacement, self.descriptor)
        close(replacement)
    }

    /// Ends the connection.
    func end() {
        let replacement = open("/dev/null", O_RDWR)
        dup2(replacement, self.descriptor)
        close(replacement)
    }

    /// Reads one response; `nil` where the connection ends first.
    func response(hasBody: Bool = true) async -> RawResponse? {
        while true {
            if let (response, length) = RawResponse.parse(self.received, hasBody: hasBody) {
                self.received.removeFirst(length)
                return response
            }
            guard await self.readMore() else { return nil }
        }
    }

    /// Reads up to and with a text; `nil` where the connection ends first.
    func bytes(until end: String) async -> String? {
        let end = Array(end.utf8)
        var searched = 0
        while true {
            let candidates = searched..<max(searched, self.received.count - end.count + 1)
            if let start = candidates.first(where: { self.received[$0...].starts(with: end) }) {
                defer { self.received.removeFirst(start + end.count) }
                return String(decoding: self.received[..<(start + end.count)], as: UTF8.self)
            }
            searched = candidates.upperBound
            guard await self.readMore() else { return nil }
        }
    }

    /// Reads a request's head, and what came with it.
    func requestHead() async -> String {
        while !String(decoding: self.received, as: UTF8.self).contains("\r\n\r\n") {
            guard await self.readMore() else { break }
        }
        defer { self.received = [] }
        return String(decoding: self.received, as: UTF8.self)
    }

    /// Reads until the other side closes.
    func rest() async -> String {
        while await self.readMore() {}
        return String(decoding: self.received, as: UTF8.self)
    }

    private func readMore() async -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(self.descriptor, &buffer, buffer.count)
            if count > 0 {
                self.received += buffer[..<count]
                return true
            }
            guard count < 0, errno == EAGAIN else {
                self.hasEnded = true
                return false
            }
            await self.wait(for: .readable)
        }
    }

    private func wait(for events: DescriptorEvents) async {
        await waitUntilReady(self.descriptor, for: events, on: self.loop)
    }
}

/// A server whose bytes are chosen by the test.
final class RawListener: Sendable {
    private let listener: LoopbackListener
    private let loop: EventLoop
    let address: HostPort

    /// Listens on a free port.
    init(loop: EventLoop) throws {
        self.loop = loop
        self.listener = try LoopbackListener()
        _ = fcntl(self.listener.descriptor, F_SETFL, O_NONBLOCK)
        self.address = HostPort(host: "127.0.0.1", port: self.listener.port)
    }

    func accept() async -> RawConnection {
        while true {
            let accepted = Glibc.accept(self.listener.descriptor, nil, nil)
            // A child that another test starts must not hold the connection open.
            _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
            if accepted >= 0 { return RawConnection(descriptor: accepted, loop: self.loop) }
            await waitUntilReady(self.listener.descriptor, for: .readable, on: self.loop)
        }
    }
}

private func waitUntilReady(_ descriptor: Int32, for events: DescriptorEvents, on loop: EventLoop) async {
    /// `@unchecked Sendable`: used on the loop only.
    final class Box: @unchecked Sendable {
        var registration: EventRegistration?
    }
    await withCheckedContinuation { continuation in
        loop.execute {
            let box = Box()
            box.registration = loop.watch(descriptor, for: events) { _ in
                box.registration?.cancel()
                continuation.resume()
            }
        }
    }
}

struct ConnectionRefused: Error {}

/// A response, taken apart by a parser that shares nothing with the server.
struct RawResponse {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: String

    func header(_ name: String) -> String? {
        self.headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    static func parse(_ bytes: [UInt8], hasBody: Bool) -> (RawResponse, Int)? {
        guard let headEnd = bytes.indices.first(where: { bytes[$0...].starts(with: [13, 10, 13, 10]) }) else {
            return nil
        }
        var lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        let statusLine = lines.removeFirst()
        let status = statusLine.hasPrefix("HTTP/1.1 ") ? Int(statusLine.split(separator: " ")[1]) ?? -1 : -1
        let headers = lines.map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (name: String(parts[0]), value: String(parts[1].drop { $0 == " " }))
        }
        var response = RawResponse(status: status, headers: headers, body: "")
        let bodyStart = headEnd + 4
        let length = hasBody ? Int(response.header("Content-Length") ?? "0") ?? 0 : 0
        guard bytes.count >= bodyStart + length else { return nil }
        response.body = String(decoding: bytes[bodyStart..<bodyStart + length], as: UTF8.self)
        return (response, bodyStart + length)
    }
}
