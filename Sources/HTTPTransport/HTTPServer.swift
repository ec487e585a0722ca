public import EventLoop
public import ProcessHTTP

/// An HTTP/1.1 server: evhttp on each loop of a group, with a handler behind it.
///
/// Each request is one task, which starts on the loop of its connection and prefers it. The task is cancelled when the
/// client goes away.
///
/// A client that closes only its sending side counts as one that has gone; it still gets what the handler answers.
public final class HTTPServer: Sendable {
    /// Where it listens, with the port that was taken where any free one was asked for.
    public let address: HostPort
    private let loops: [ServerLoop]

    private init(address: HostPort, loops: [ServerLoop]) {
        self.address = address
        self.loops = loops
    }

    /// Starts listening.
    ///
    /// - Parameters:
    ///   - address: Where to listen. Port 0 takes a free one.
    ///   - group: The loops; each has a socket of its own, and the system spreads connections over them. They must
    ///     outlive the server.
    ///   - configuration: Limits and time-outs.
    ///   - handler: Answers the requests. It is called on the loops, so it must not block.
    /// - Returns: The server, which runs until ``stop(grace:)``.
    /// - Throws: When it cannot listen there.
    public static func start(
        on address: HostPort, group: EventLoopGroup, configuration: Configuration, handler: any HTTPHandler
    ) async throws(HTTPServerError) -> HTTPServer {
        let sockets = try await ListeningSockets.bind(address, count: group.loops.count)
        return try await Self.start(on: sockets, group: group, configuration: configuration, handler: handler)
    }

    /// Starts listening where an address was taken before, by as many sockets as there are loops.
    ///
    /// - Parameters:
    ///   - sockets: The address; given up where this fails.
    ///   - group: The loops. They must outlive the server.
    ///   - configuration: Limits and time-outs.
    ///   - handler: Answers the requests. It is called on the loops, so it must not block.
    /// - Returns: The server, which runs until ``stop(grace:)``.
    /// - Throws: When it cannot listen there.
    public static func start(
        on sockets: ListeningSockets, group: EventLoopGroup, configuration: Configuration, handler: any HTTPHandler
    ) async throws(HTTPServerError) -> HTTPServer {
        do {
            try sockets.listen()
        } catch {
            sockets.close()
            throw error
        }
        var loops: [ServerLoop] = []
        for (loop, descriptor) in zip(group.loops, sockets.descriptors) {
            let serverLoop = ServerLoop(loop: loop, configuration: configuration, handler: handler)
            loops.append(serverLoop)
            await serverLoop.start(listeningOn: descriptor)
        }
        return HTTPServer(address: sockets.address, loops: loops)
    }

    /// Stops: takes no new connections and closes idle ones; requests that have begun are still answered, with
    /// `Connection: close`. What is not done in time is cancelled and cut off.
    ///
    /// Returns when every connection is closed and everything freed. Calling it again waits likewise.
    ///
    /// - Parameter grace: How long requests may go on.
    public func stop(grace: Duration = .seconds(10)) async {
        // On every loop before any connection is closed: whose connection was closed by one would come back to another.
        for loop in self.loops { await loop.stopAccepting() }
        await withTaskGroup(of: Void.self) { group in
            for loop in self.loops {
                group.addTask { await loop.stop(grace: grace) }
            }
        }
    }
}
