import Glibc

/// A connection for tests that look behind a repository's back: one command, one reply, waiting for it.
///
/// `@unchecked Sendable`: the descriptor never changes, and a test uses a client from one task at a time.
public final class RedisTestClient: @unchecked Sendable {
    /// A reply.
    public indirect enum Reply: Hashable, Sendable {
        /// A simple or a bulk string.
        case text(String)
        case integer(Int)
        case null
        case array([Reply])
        /// The text of an error.
        case error(String)

        /// The text, where it is one.
        public var text: String? {
            if case .text(let text) = self { text } else { nil }
        }

        /// The number, where it is one.
        public var integer: Int? {
            if case .integer(let number) = self { number } else { nil }
        }

        /// The elements of an array.
        public var elements: [Reply] {
            if case .array(let elements) = self { elements } else { [] }
        }

        /// The texts of an array.
        public var texts: [String] { self.elements.compactMap(\.text) }
    }

    /// Why there is no reply, or the error it is.
    public struct Failure: Error, CustomStringConvertible {
        /// In words.
        public let description: String
    }

    private let descriptor: Int32
    private var input: [UInt8] = []
    private var position = 0

    init(socketPath: String) throws {
        self.descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: [UInt8](socketPath.utf8)) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else { throw Failure(description: "no connection: \(String(cString: strerror(errno)))") }
    }

    deinit {
        close(self.descriptor)
    }

    /// Runs a command.
    ///
    /// - Parameter arguments: The command and its arguments.
    /// - Returns: The reply.
    /// - Throws: A ``Failure`` where there is none, or it is an error.
    @discardableResult
    public func run(_ arguments: String...) throws -> Reply { try self.run(arguments) }

    /// Runs a command.
    ///
    /// - Parameter arguments: The command and its arguments.
    /// - Returns: The reply.
    /// - Throws: A ``Failure`` where there is none, or it is an error.
    @discardableResult
    public func run(_ arguments: [String]) throws -> Reply {
        try self.send(arguments)
        let reply = try self.receive()
        if case .error(let text) = reply { throw Failure(description: text) }
        return reply
    }

    /// Sends a command without waiting for its reply.
    ///
    /// - Parameter arguments: The command and its arguments.
    /// - Throws: A ``Failure`` where the connection is gone.
    public func send(_ arguments: [String]) throws {
        var bytes = [UInt8]("*\(arguments.count)\r\n".utf8)
        for argument in arguments { bytes += "$\(argument.utf8.count)\r\n\(argument)\r\n".utf8 }
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "the connection is gone") }
            sent += count
        }
    }

    /// Waits for the next reply, or line of `MONITOR`.
    ///
    /// - Returns: The reply; an error is one too.
    /// - Throws: A ``Failure`` where the connection is gone.
    public func receive() throws -> Reply {
        let line = try self.line()
        guard let type = line.first else { throw Failure(description: "an empty line") }
        let rest = String(line.dropFirst())
        switch type {
        case "+": return .text(rest)
        case "-": return .error(rest)
        case ":": return .integer(Int(rest) ?? 0)
        case "$":
            guard let count = Int(rest), count >= 0 else { return .null }
            let bytes = try self.take(count + 2)
            return .text(String(decoding: bytes.dropLast(2), as: UTF8.self))
        default:
            guard let count = Int(rest), count >= 0 else { return .null }
            return .array(try (0..<count).map { _ in try self.receive() })
        }
    }

    private func line() throws -> String {
        while true {
            if let end = self.input[self.position...].firstIndex(of: UInt8(ascii: "\r")), end + 1 < self.input.count {
                defer { self.position = end + 2 }
                return String(decoding: self.input[self.position..<end], as: UTF8.self)
            }
            try self.fill()
        }
    }

    private func take(_ count: Int) throws -> ArraySlice<UInt8> {
        while self.input.count - self.position < count { try self.fill() }
        defer { self.position += count }
        return self.input[self.position..<(self.position + count)]
    }

    private func fill() throws {
        if self.position > 0 {
            self.input.removeSubrange(..<self.position)
            self.position = 0
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(self.descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw Failure(description: "the connection is gone") }
        self.input += buffer[..<count]
    }
}
