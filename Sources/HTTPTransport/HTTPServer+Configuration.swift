public import ProcessHTTP

extension HTTPServer {
    /// Limits and time-outs of a server.
    public struct Configuration: Sendable {
        /// The value of the `Server` field, on every response.
        public var serverName: String
        /// The largest body in bytes that a handler gets to see.
        ///
        /// A larger one is thrown away and the handler sees ``HTTPRequest/Fault/bodyTooLarge``, so that it can judge
        /// other things first. Far beyond (see ``bodyCap``) the body is read no further, and the server answers
        /// with ``makeErrorResponse``.
        public var maximumBodySize: Int
        /// The largest head (request line and header fields) in bytes; beyond it the answer is 431.
        public var maximumHeadSize: Int
        /// From the first byte of a request to the end of its head.
        public var headTimeout: Duration
        /// From the end of the head to the end of the body.
        public var bodyTimeout: Duration
        /// How long a connection stays open between requests. Longer than proxies keep theirs by default (60 seconds, nginx and
        /// others), so that it is they who close: a request on its way to a connection that is being closed is lost.
        public var idleTimeout: Duration
        /// How long a client may read nothing of what was sent.
        public var writeTimeout: Duration
        /// Makes the answer to what the handler never sees: what is no HTTP (400), far too large a body (413) or head
        /// (431), an unknown `Expect` (417) or method (501). Called on a loop; must not block.
        public var makeErrorResponse: @Sendable (HTTPStatus) -> HTTPResponse

        /// Hears of each failure to take a connection, by its error number: most likely there is no descriptor left. Called on
        /// a loop up to four times a second; must not block. Connections wait meanwhile.
        public var onAcceptFailure: @Sendable (Int32) -> Void = { _ in }

        /// The defaults.
        ///
        /// - Parameters:
        ///   - serverName: The value of the `Server` field.
        ///   - makeErrorResponse: See the property. By default, plain text that says the reason.
        public init(
            serverName: String,
            makeErrorResponse: @escaping @Sendable (HTTPStatus) -> HTTPResponse = Self.plainErrorResponse
        ) {
            self.serverName = serverName
            self.maximumBodySize = 1024 * 1024
            self.maximumHeadSize = 80 * 1024
            self.headTimeout = .seconds(10)
            self.bodyTimeout = .seconds(30)
            self.idleTimeout = .seconds(75)
            self.writeTimeout = .seconds(30)
            self.makeErrorResponse = makeErrorResponse
        }

        /// The largest body that is still read to its end, and thrown away if it exceeds ``maximumBodySize``.
        public var bodyCap: Int { self.maximumBodySize * 2 + 64 * 1024 }

        /// How often time-outs are looked at, and clients that went away while their request is worked on.
        var tick: Duration {
            let shortest = min(self.headTimeout, self.bodyTimeout, self.idleTimeout, self.writeTimeout)
            return min(max(shortest / 4, .milliseconds(5)), .milliseconds(250))
        }

        /// An error as one line of plain text.
        ///
        /// - Parameter status: Its status.
        /// - Returns: The response.
        public static func plainErrorResponse(_ status: HTTPStatus) -> HTTPResponse {
            HTTPResponse(
                status, headers: HTTPHeaders([.init(name: "Content-Type", value: "text/plain")]),
                body: Array("\(status.reason)\n".utf8))
        }
    }
}
