import ProcessCore
import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessService

@Suite("The log of changes that the store has lost")
struct LostChangeLogTests {
    @Test("one error a minute, however many processes show it, naming one of them")
    func pauses() throws {
        let capture = LogCapture()
        let start = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        let log = LostChangeLog(capture.logger(), now: { start + passed.withLock { $0 } })
        for second in [0, 1, 59, 60] {
            passed.withLock { $0 = .seconds(second) }
            log.note(try .finished("p"), .started("p"))
        }
        #expect(capture.entries.count == 2)
        #expect(capture.entries.allSatisfy { $0.level == .error && $0.metadata["process_id"] == "p" })
        #expect(capture.entries.first?.metadata["found_status"] == "running")
    }
}
