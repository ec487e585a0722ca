import Glibc
import Testing

@testable import ProcessSQLite

@Suite("The queue of a thread", .timeLimit(.minutes(1)))
struct JobQueueTests {
    private static let hour: UInt64 = 3_600_000_000_000

    /// Adds a job from another thread, a little later.
    private func add(_ job: Int, to queue: JobQueue<Int>) -> Bool {
        startThread("later") {
            var pause = timespec(tv_sec: 0, tv_nsec: 20_000_000)
            nanosleep(&pause, nil)
            _ = queue.append(job)
        }
    }

    @Test("a job that waits is taken at once where nobody is to come back")
    func alone() {
        let queue = JobQueue<Int>()
        #expect(queue.append(1))
        #expect(queue.takeAll(returning: 0, patience: Self.hour) == [1])
        #expect(self.add(2, to: queue))
        #expect(queue.takeAll(returning: 1, patience: Self.hour) == [2])
    }

    @Test("those who come back are waited for")
    func gathering() {
        let queue = JobQueue<Int>()
        #expect(queue.append(1))
        #expect(self.add(2, to: queue))
        #expect(queue.takeAll(returning: 1, patience: Self.hour) == [1, 2])
    }

    @Test("those who do not come back are not waited for any longer")
    func patience() {
        let queue = JobQueue<Int>()
        #expect(queue.append(1))
        #expect(queue.takeAll(returning: 1, patience: 1_000_000) == [1])
        // A job that comes after that is noticed.
        #expect(self.add(2, to: queue))
        #expect(queue.takeAll(returning: 2, patience: 1_000_000) == [2])
    }

    @Test("a queue that is closed waits for nobody")
    func closing() {
        let queue = JobQueue<Int>()
        #expect(queue.append(1))
        #expect(startThread("closer") { queue.close() })
        #expect(queue.takeAll(returning: 1, patience: Self.hour) == [1])
        #expect(queue.takeAll(returning: 1, patience: Self.hour) == nil)
    }
}
