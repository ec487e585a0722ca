import ProcessHTTP
import Synchronization

@testable import ProcessCommands

/// An answer of a fake tracker that is read piece by piece.
final class FakeStream: TrackerStream {
    /// What comes behind the last piece.
    enum End: Sendable {
        /// The end of the answer.
        case regular
        /// A broken connection.
        case lost
        /// Nothing, until the reader has had enough.
        case silence
    }

    let response: HTTPResponse
    /// Whether there is no answer, because nobody is there.
    let isUnreachable: Bool
    private let pieces: Mutex<[String]>
    private let end: End

    init(_ response: HTTPResponse, _ pieces: [String] = [], end: End = .regular, isUnreachable: Bool = false) {
        self.response = response
        self.isUnreachable = isUnreachable
        self.pieces = Mutex(pieces)
        self.end = end
    }

    /// Events, in pieces as they are given.
    static func events(_ pieces: String..., end: End = .regular) -> FakeStream {
        var headers = HTTPHeaders()
        headers.add("Content-Type", "text/event-stream")
        return FakeStream(HTTPResponse(.ok, headers: headers), ["retry: 2000\n\n"] + pieces, end: end)
    }

    /// Nobody is there.
    static var unreachable: FakeStream { FakeStream(HTTPResponse(.serviceUnavailable), isUnreachable: true) }

    func next() async throws(TrackerClientError) -> [UInt8]? {
        if let piece = self.pieces.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return [UInt8](piece.utf8) }
        switch self.end {
        case .regular: return nil
        case .lost: throw TrackerClientError("the connection was lost", wasPossiblySent: true)
        case .silence:
            try? await waitForCancellation()
            throw TrackerClientError("interrupted", wasPossiblySent: true)
        }
    }

    func close() {}
}
