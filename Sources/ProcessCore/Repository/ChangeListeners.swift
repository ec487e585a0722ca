import Synchronization

/// Those who want to hear of changes in one repository. While there are none, a change costs one atomic read.
package final class ChangeListeners: Sendable {
    package typealias Listener = @Sendable (ChangeNotice) -> Void

    private let listeners = Mutex<[Listener]>([])
    private let hasAny = Atomic(false)

    package init() {}

    /// Adds one, for as long as the repository lives.
    package func add(_ listener: @escaping Listener) {
        self.listeners.withLock { $0.append(listener) }
        self.hasAny.store(true, ordering: .releasing)
    }

    /// Tells all of them; to be called with no lock held, since a listener may wake whoever wants that lock next.
    package func tell(_ notice: @autoclosure () -> ChangeNotice) {
        guard self.hasAny.load(ordering: .acquiring) else { return }
        let notice = notice()
        for listener in self.listeners.withLock({ $0 }) { listener(notice) }
    }

    /// Tells all of them of several changes.
    package func tell(_ notices: some Sequence<ChangeNotice>) {
        guard self.hasAny.load(ordering: .acquiring) else { return }
        let listeners = self.listeners.withLock { $0 }
        for notice in notices { for listener in listeners { listener(notice) } }
    }
}
