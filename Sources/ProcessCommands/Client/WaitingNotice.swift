internal import EventLoop
internal import Synchronization

/// Tells whoever waits for a tracker's first answer that nothing has come yet, once. Later on, commands say themselves what
/// becomes of a tracker that falls silent.
final class WaitingNotice: Sendable {
    private let text: String
    private let patience: Duration
    private let loop: EventLoop
    private let say: @Sendable (String) -> Void
    private let isDue = Atomic(true)

    /// Takes what is said after how long, and to whom.
    init(_ text: String, after patience: Duration, on loop: EventLoop, say: @escaping @Sendable (String) -> Void) {
        self.text = text
        self.patience = patience
        self.loop = loop
        self.say = say
    }

    /// A request is sent.
    ///
    /// - Parameter wait: How long the tracker was told that it may hold the answer.
    /// - Returns: What is to be called off once there is an answer; nil where nothing will be said.
    func begin(beyond wait: Duration = .zero) -> EventRegistration? {
        guard self.isDue.load(ordering: .relaxed) else { return nil }
        return self.loop.schedule(after: self.patience + wait) {
            if self.isDue.exchange(false, ordering: .relaxed) { self.say(self.text) }
        }
    }

    /// The tracker answers: from now on nothing is said.
    func end() { self.isDue.store(false, ordering: .relaxed) }
}
