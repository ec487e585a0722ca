internal import Glibc
internal import Synchronization

/// Hands what a task came to over to the thread that waits for it.
///
/// `@unchecked Sendable`: the semaphore is made for use from several threads, and its address never changes.
final class Outcome<Value: Sendable>: @unchecked Sendable {
    private let value = Mutex<Value?>(nil)
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        sem_init(self.semaphore, 0, 0)
    }

    deinit {
        sem_destroy(self.semaphore)
        self.semaphore.deallocate()
    }

    /// Sets the value. To be called once.
    func set(_ value: Value) {
        self.value.withLock { $0 = value }
        sem_post(self.semaphore)
    }

    /// Waits for the value. Blocks the thread; to be called once.
    func wait() -> Value {
        while true {
            if sem_wait(self.semaphore) == 0, let value = self.value.withLock({ $0 }) { return value }
        }
    }
}
