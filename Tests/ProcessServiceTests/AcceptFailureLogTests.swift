import Glibc
import ProcessCore
import ProcessTestSupport
import Synchronization
import Testing

@testable import ProcessService

@Suite("The log of connections that can't be taken")
struct AcceptFailureLogTests {
    @Test("one warning a minute, however often it happens, with the limit and what to do about it")
    func pauses() {
        let capture = LogCapture()
        let start = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        let log = AcceptFailureLog(capture.logger(), now: { start + passed.withLock { $0 } })
        for second in [0, 1, 59, 60, 61, 119, 120] {
            passed.withLock { $0 = .seconds(second) }
            log.note(EMFILE)
        }
        #expect(capture.entries.count == 3)
        #expect(capture.entries.allSatisfy { $0.level == .warning })
        #expect(capture.entries[0].metadata["advice"] != nil && capture.entries[0].metadata["limit"] != nil)
    }

    @Test("another cause than the limit is named, without advice that would not help")
    func otherCause() {
        let capture = LogCapture()
        AcceptFailureLog(capture.logger()).note(ENOMEM)
        #expect(capture.entries.first?.metadata["error"] == "Cannot allocate memory")
        #expect(capture.entries.first?.metadata["advice"] == nil)
    }
}
