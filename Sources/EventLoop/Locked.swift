internal import Glibc

/// A value behind a mutex of the C library.
///
/// What `Mutex` of `Synchronization` is, but visible to the thread sanitizer: `Mutex` waits in a part of the standard
/// library that is not instrumented, so each contended lock would be reported as a data race.
///
/// `@unchecked Sendable`: the value is reached through ``withLock(_:)`` only, one thread at a time.
package final class Locked<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    package init(_ value: sending Value) {
        self.mutex = .allocate(capacity: 1)
        pthread_mutex_init(self.mutex, nil)
        self.value = value
    }

    deinit {
        pthread_mutex_destroy(self.mutex)
        self.mutex.deallocate()
    }

    /// Runs a closure that may read and change the value, while no other thread can. It must not lock again.
    @inline(__always)
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.value)
    }
}
