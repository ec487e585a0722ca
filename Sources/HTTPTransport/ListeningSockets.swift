internal import Glibc

/// Sockets bound to one address, one for each loop of a server; the system spreads connections over them.
public struct ListeningSockets: Sendable {
    let descriptors: [Int32]
    /// Where they are bound, with the port that was taken where any free one was asked for.
    public let address: HostPort

    /// Takes an address for a server that is started later. Until then, clients are refused.
    ///
    /// The first socket is bound without `SO_REUSEPORT`, and gets it afterwards: with it from the beginning, a second
    /// service on the same port would start without complaint and share the connections of the first.
    /// - Parameters:
    ///   - hostPort: Where to listen. Port 0 takes a free one.
    ///   - count: How many loops the server will have.
    /// - Returns: The sockets, for a server to start on, or to ``close()``.
    /// - Throws: When somebody else listens there already, or it can't be bound. Where somebody else has only bound it so far,
    ///   whoever listens first has it.
    public static func bind(_ hostPort: HostPort, count: Int) async throws(HTTPServerError) -> ListeningSockets {
        let addresses: [SocketAddress]
        switch await SocketAddress.resolve(hostPort, forListening: true) {
        case .success(let found): addresses = found
        case .failure(let failure):
            throw HTTPServerError(.unresolvableHost, "Cannot listen on \(hostPort): \(failure.reason)")
        }
        // A name such as localhost has an address in both families; most clients try IPv4 at the latest.
        guard let address = addresses.first(where: { $0.family == AF_INET }) ?? addresses.first else {
            throw HTTPServerError(.unresolvableHost, "Cannot listen on \(hostPort): the host has no address")
        }

        var descriptors: [Int32] = []
        do throws(HTTPServerError) {
            let first = try Self.bind(address, name: hostPort, reusePort: false)
            descriptors.append(first)
            guard let bound = SocketAddress(boundTo: first), let boundName = bound.hostPort else {
                throw HTTPServerError(errno, listeningOn: hostPort.description)
            }
            if count > 1 {
                try Self.setOption(first, SOL_SOCKET, SO_REUSEPORT, name: hostPort)
                let same = address.withPort(of: bound)
                for _ in 1..<count {
                    descriptors.append(try Self.bind(same, name: hostPort, reusePort: true))
                }
            }
            return ListeningSockets(
                descriptors: descriptors, address: HostPort(host: boundName.host, port: boundName.port))
        } catch {
            for descriptor in descriptors { Glibc.close(descriptor) }
            throw error
        }
    }

    /// Gives the address up, where no server was started.
    public func close() {
        for descriptor in self.descriptors { Glibc.close(descriptor) }
    }

    func listen() throws(HTTPServerError) {
        for descriptor in self.descriptors where Glibc.listen(descriptor, 1024) != 0 {
            throw HTTPServerError(errno, listeningOn: self.address.description)
        }
    }

    private static func bind(
        _ address: SocketAddress, name: HostPort, reusePort: Bool
    ) throws(HTTPServerError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { throw HTTPServerError(errno, listeningOn: name.description) }
        do throws(HTTPServerError) {
            // Connections of a service that has just ended do not keep the port.
            try self.setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, name: name)
            if reusePort { try self.setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, name: name) }
            // Accepted connections inherit these.
            try self.setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, name: name)
            try self.setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, name: name)
            guard address.withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
                throw HTTPServerError(errno, listeningOn: name.description)
            }
            return descriptor
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    private static func setOption(
        _ descriptor: Int32, _ level: Int32, _ option: Int32, name: HostPort
    ) throws(HTTPServerError) {
        var on: Int32 = 1
        guard setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw HTTPServerError(errno, listeningOn: name.description)
        }
    }
}
