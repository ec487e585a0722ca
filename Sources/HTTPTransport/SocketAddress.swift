internal import Glibc

/// An address as the system calls take it.
struct SocketAddress: Sendable {
    private var storage: sockaddr_storage
    private let length: socklen_t

    /// IPv6 is 10, IPv4 is 2.
    var family: Int32 { Int32(self.storage.ss_family) }

    init(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        self.storage = sockaddr_storage()
        self.length = length
        withUnsafeMutableBytes(of: &self.storage) { bytes in
            bytes.copyMemory(from: UnsafeRawBufferPointer(start: address, count: min(Int(length), bytes.count)))
        }
    }

    /// Where a socket is bound to.
    init?(boundTo descriptor: Int32) {
        self.storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &self.storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { return nil }
        self.length = length
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: self.storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, self.length) }
        }
    }

    /// The numbers, as `127.0.0.1` or `::1`, and the port.
    var hostPort: HostPort? {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let result = self.withPointer { address, length in
            getnameinfo(
                address, length, &host, socklen_t(host.count), &service, socklen_t(service.count),
                NI_NUMERICHOST | NI_NUMERICSERV)
        }
        guard result == 0, let port = UInt16(string(service)) else { return nil }
        return HostPort(host: string(host), port: port)
    }

    func withPort(of other: SocketAddress) -> SocketAddress {
        var copy = self
        // In both families the port stands behind the two bytes of the family.
        withUnsafeMutableBytes(of: &copy.storage) { target in
            withUnsafeBytes(of: other.storage) { source in
                target[2] = source[2]
                target[3] = source[3]
            }
        }
        return copy
    }

    /// Looks a host name up, on a thread made for it: the look-up may block for seconds.
    ///
    /// - Returns: The addresses in the system's order of preference, or the reason why there are none.
    static func resolve(_ hostPort: HostPort, forListening: Bool) async -> Result<[SocketAddress], ResolutionFailure> {
        await withCheckedContinuation { continuation in
            let request = ResolutionRequest(hostPort: hostPort, forListening: forListening) {
                continuation.resume(returning: $0)
            }
            var thread = pthread_t()
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
            let retained = Unmanaged.passRetained(request)
            let result = pthread_create(&thread, &attributes, runResolution, retained.toOpaque())
            pthread_attr_destroy(&attributes)
            if result != 0 {
                retained.release()
                continuation.resume(returning: .failure(ResolutionFailure(reason: String(cString: strerror(result)))))
            }
        }
    }
}

/// Why a host name has no address, in the system's words.
struct ResolutionFailure: Error {
    let reason: String
}

/// What a look-up thread is to do.
private final class ResolutionRequest: Sendable {
    private let hostPort: HostPort
    private let forListening: Bool
    private let completion: @Sendable (Result<[SocketAddress], ResolutionFailure>) -> Void

    init(
        hostPort: HostPort, forListening: Bool,
        completion: @escaping @Sendable (Result<[SocketAddress], ResolutionFailure>) -> Void
    ) {
        self.hostPort = hostPort
        self.forListening = forListening
        self.completion = completion
    }

    func run() {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | (self.forListening ? AI_PASSIVE : 0)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(self.hostPort.host, "\(self.hostPort.port)", &hints, &list)
        guard result == 0 else {
            self.completion(.failure(ResolutionFailure(reason: String(cString: gai_strerror(result)))))
            return
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let address = entry.ai_addr {
                addresses.append(SocketAddress(address, length: entry.ai_addrlen))
            }
            next = entry.ai_next
        }
        self.completion(.success(addresses))
    }
}

private func runResolution(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    Unmanaged<ResolutionRequest>.fromOpaque(context!).takeRetainedValue().run()
    return nil
}

private func string(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
