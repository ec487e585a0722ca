/// One event of a stream of server-sent events.
struct ServerSentEvent: Equatable, Sendable {
    /// What happened; `message` where the stream does not say.
    var name: String
    /// The last id that the stream had named when this event ended; empty where it had named none.
    var lastEventID: String
    /// The data as UTF-8, its lines separated by line feeds.
    var data: [UInt8]
}
