internal import ProcessCore
internal import Synchronization

/// Looks now and then whether somebody else has written to the file, for as long as it is there.
final class ForeignChanges: Sendable {
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// Begins to look, if nobody has begun before.
    ///
    /// - Parameters:
    ///   - interval: The time between two looks.
    ///   - version: A number that is another one after another connection than the writer's has written; `nil` where it
    ///     can't be known right now.
    ///   - notice: Is called where somebody else has written.
    func watch(
        every interval: Duration, version: @escaping @Sendable () async -> Int64?,
        _ notice: @escaping @Sendable () -> Void
    ) {
        self.task.withLock { task in
            guard task == nil else { return }
            task = Task {
                // Not known at first: something may have been written before the first look.
                var known: Int64?
                repeat {
                    guard let current = await version() else { continue }
                    if current != known { notice() }
                    known = current
                } while (try? await Task.sleep(for: interval)) != nil
            }
        }
    }

    /// Looks no more.
    func end() {
        self.task.withLock { task in
            task?.cancel()
        }
    }

    deinit { self.end() }
}
