import Glibc

/// A free port of the loopback that takes connections; whoever wants them accepts them.
public final class LoopbackListener: Sendable {
    /// The listening socket, open for as long as this lives.
    public let descriptor: Int32
    /// The port.
    public let port: UInt16

    /// Why there is none.
    public struct Failure: Error {
        /// What the system said.
        public let errorNumber: Int32
    }

    /// Listens.
    ///
    /// - Throws: `Failure`.
    public init() throws(Failure) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else {
            let failure = Failure(errorNumber: errno)
            close(descriptor)
            throw failure
        }
        self.descriptor = descriptor
        self.port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(self.descriptor)
    }
}
