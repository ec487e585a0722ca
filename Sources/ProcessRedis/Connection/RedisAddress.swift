internal import Glibc

/// An address a socket can be connected to.
struct RedisAddress: Sendable {
    /// The address as the system's calls take it.
    let bytes: [UInt8]
    /// `AF_UNIX`, `AF_INET` or `AF_INET6`.
    let family: Int32

    /// Why there is no address.
    struct Failure: Error {
        let message: String
    }

    /// Finds the addresses of an endpoint, in the order in which they are to be tried. A name may take seconds: never
    /// called on an event loop, but by ``find(_:then:)``.
    static func find(_ endpoint: RedisEndpoint) -> Result<[RedisAddress], Failure> {
        switch endpoint {
        case .unixSocket(let path):
            guard let address = RedisAddress(path: path) else {
                return .failure(Failure(message: "the path of a Unix socket has at most 107 bytes"))
            }
            return .success([address])
        case .tcp(let host, let port):
            var hints = addrinfo()
            hints.ai_family = AF_UNSPEC
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG
            var first: UnsafeMutablePointer<addrinfo>?
            let result = getaddrinfo(host, String(port), &hints, &first)
            guard result == 0 else {
                return .failure(Failure(message: "no address for \(host): \(String(cString: gai_strerror(result)))"))
            }
            defer { freeaddrinfo(first) }
            let addresses = sequence(first: first, next: { $0?.pointee.ai_next }).compactMap { info in
                info.map { RedisAddress($0.pointee) }
            }
            return .success(addresses)
        }
    }

    /// Finds the addresses of an endpoint on a thread of its own, where that could take time.
    ///
    /// - Parameters:
    ///   - endpoint: Where the server listens.
    ///   - then: Receives what was found, on that thread, or on the caller's where nothing had to be asked.
    static func find(_ endpoint: RedisEndpoint, then: @escaping @Sendable (Result<[RedisAddress], Failure>) -> Void) {
        if case .unixSocket = endpoint {
            then(self.find(endpoint))
            return
        }
        let job = Unmanaged.passRetained(LookUp(endpoint: endpoint, then: then))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        guard pthread_create(&thread, &attributes, runLookUp, job.toOpaque()) == 0 else {
            job.release()
            then(.failure(Failure(message: "no thread left to look up a name with")))
            return
        }
    }

    private init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = [UInt8](path.utf8)
        // One byte is left for the zero that ends it.
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        self.bytes = withUnsafeBytes(of: &address) { [UInt8]($0) }
        self.family = AF_UNIX
    }

    private init(_ info: addrinfo) {
        self.bytes = [UInt8](UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen)))
        self.family = info.ai_family
    }
}

private final class LookUp {
    let endpoint: RedisEndpoint
    let then: @Sendable (Result<[RedisAddress], RedisAddress.Failure>) -> Void

    init(endpoint: RedisEndpoint, then: @escaping @Sendable (Result<[RedisAddress], RedisAddress.Failure>) -> Void) {
        self.endpoint = endpoint
        self.then = then
    }
}

/// A plain function: a closure could inherit an isolation, and trap on this thread.
private func runLookUp(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let job = Unmanaged<LookUp>.fromOpaque(context).takeRetainedValue()
    job.then(RedisAddress.find(job.endpoint))
    return nil
}
