internal import EventLoop

/// What a time-out or a cancellation acts on: the socket that a request uses at the moment, or none yet.
///
/// `@unchecked Sendable`: everything but constants is touched on the loop's thread only.
final class ClientAttempt: @unchecked Sendable {
    let address: HostPort
    private let loop: EventLoop
    private var socket: ClientSocket?
    private var failure: HTTPClientError?
    private var resolution: CheckedContinuation<Result<[SocketAddress], ResolutionFailure>?, Never>?

    init(address: HostPort, loop: EventLoop) {
        self.address = address
        self.loop = loop
    }

    /// Does a part of the request on the loop. Where that takes too long, or the calling task is cancelled, the request fails.
    ///
    /// - Parameters:
    ///   - limit: The longest time for it.
    ///   - body: The part.
    /// - Returns: What the part returns.
    /// - Throws: What the part throws, `timedOut` or `cancelled`.
    @concurrent
    func run<Value: Sendable>(
        within limit: Duration, _ body: @escaping @Sendable () async throws(HTTPClientError) -> Value
    ) async throws(HTTPClientError) -> Value {
        try await withTaskExecutorPreference(self.loop) { () async throws(HTTPClientError) -> Value in
            let timer = self.loop.schedule(after: limit) {
                self.fail(HTTPClientError(.timedOut, "No answer from \(self.address) in time"))
            }
            defer { timer.cancel() }
            // The operation is written as one that cannot throw, as this function knows no typed errors.
            let result = await withTaskCancellationHandler {
                do throws(HTTPClientError) {
                    return Result<Value, HTTPClientError>.success(try await body())
                } catch {
                    return Result<Value, HTTPClientError>.failure(error)
                }
            } onCancel: {
                self.loop.runOrEnqueue { self.fail(HTTPClientError(.cancelled, "The request was cancelled")) }
            }
            return try result.get()
        }
    }

    /// Ends the request with an error, wherever it is.
    func fail(_ error: HTTPClientError) {
        self.failure = self.failure ?? error
        self.socket?.fail(error)
        self.resolution.take()?.resume(returning: nil)
    }

    /// From now on, an error ends what happens on this socket.
    func use(_ socket: ClientSocket) throws(HTTPClientError) {
        if let failure = self.failure { throw failure }
        self.socket = socket
    }

    /// The socket is done with, and an error that comes later is not its business.
    func finish() throws(HTTPClientError) {
        self.socket = nil
        if let failure = self.failure { throw failure }
    }

    /// Looks the host up and tries its addresses in turn.
    func connect(within limit: Duration) async throws(HTTPClientError) -> ClientSocket {
        let timer = self.loop.schedule(after: limit) {
            self.fail(HTTPClientError(.cannotConnect, "Cannot reach \(self.address): no answer in time"))
        }
        defer { timer.cancel() }
        var lastError = HTTPClientError(.unresolvableHost, "Cannot reach \(self.address): the host has no address")
        for target in try await self.resolve() {
            do throws(HTTPClientError) {
                let socket = try ClientSocket.connect(to: target, address: self.address, loop: self.loop)
                do throws(HTTPClientError) {
                    try self.use(socket)
                    try await socket.finishConnecting()
                    return socket
                } catch {
                    socket.close()
                    throw error
                }
            } catch {
                if let failure = self.failure { throw failure }
                lastError = error
            }
        }
        throw lastError
    }

    /// The look-up itself cannot be stopped; after a time-out its result is thrown away.
    private func resolve() async throws(HTTPClientError) -> [SocketAddress] {
        let address = self.address
        typealias Resolution = CheckedContinuation<Result<[SocketAddress], ResolutionFailure>?, Never>
        let result = await withCheckedContinuation { (continuation: Resolution) in
            // Looked at in here: `await` may take a turn of the loop, and what ends this wait may happen during it.
            guard self.failure == nil else {
                continuation.resume(returning: nil)
                return
            }
            self.resolution = continuation
            Task(executorPreference: self.loop) {
                let result = await SocketAddress.resolve(address, forListening: false)
                self.resolution.take()?.resume(returning: result)
            }
        }
        switch result {
        case .success(let addresses): return addresses
        case .failure(let error):
            throw HTTPClientError(.unresolvableHost, "Cannot reach \(address): \(error.reason)")
        case nil:
            throw self.failure ?? HTTPClientError(.cancelled, "The request was cancelled")
        }
    }
}
