import Dispatch
import Glibc
import HTTPTransport
import ProcessTestSupport

/// A connection whose bytes a test chooses, for what a proper client never does.
///
/// `@unchecked Sendable`: a test uses it from one task at a time, and the descriptor never changes.
final class RawSocket: @unchecked Sendable {
    private let descriptor: Int32
    private var received: [UInt8] = []

    init(to address: HostPort) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = address.port.bigEndian
        target.sin_addr.s_addr = inet_addr(address.host)
        let result = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw ChildProgram.Failure(description: "no connection: errno \(errno)") }
    }

    deinit {
        close(self.descriptor)
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress! + offset, $0.count - offset, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            offset += count
        }
    }

    /// Reads until some words have come, or the other side has closed.
    ///
    /// - Returns: All that has come up to now.
    func read(until words: String?) async -> String {
        await onThread {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let text = String(decoding: self.received, as: UTF8.self)
                if let words, text.contains(words) { return text }
                let count = recv(self.descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return text }
                self.received += buffer[..<count]
            }
        }
    }
}

/// Does what blocks on a thread outside the pool that the tests share.
func onThread<Answer: Sendable>(_ work: @escaping @Sendable () -> Answer) async -> Answer {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: work()) }
    }
}
