import ProcessCore
import ProcessTestSupport
import Testing

@Suite("What an instance knew of a process", .timeLimit(.minutes(3)))
struct RecentCopyTests {
    /// Two instances, the first of which has started a process; a store that keeps copies has one there.
    private func withTwoManagers(
        _ backend: Backend, _ body: (_ knowing: ProcessManager, _ other: ProcessManager) async throws -> Void
    ) async throws {
        try await backend.withTwoInstances { first, second, _ in
            let (knowing, other) = (ProcessManager(repository: first), ProcessManager(repository: second))
            var start = ProcessStart(kind: "report")
            start.id = "p"
            _ = try await knowing.start(start)
            if backend != .memory { #expect(first.recentCopy(of: "p") != nil) }
            try await body(knowing, other)
        }
    }

    private static func progress(_ fraction: Double) -> ProcessChange {
        .progress(ProgressReport(numbers: .fraction(fraction)))
    }

    @Test("a copy is kept of what was started, claimed or changed, until it ends", arguments: Backend.allCases)
    func whatIsKept(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, _ in
            try await second.keep(.queued("p"))
            guard backend != .memory else { return }
            #expect(first.recentCopy(of: "p") == nil)
            let claimed = try await first.claim(ClaimRequest(queues: ["default"]))
            #expect(claimed.count == 1 && first.recentCopy(of: "p") == claimed.first)
            let manager = ProcessManager(repository: first)
            #expect(try await manager.change("p", Self.progress(0.5), attempt: 1) == first.recentCopy(of: "p"))
            try await manager.change("p", .complete(result: nil), attempt: 1)
            #expect(first.recentCopy(of: "p") == nil)
        }
    }

    @Test("a report goes on from what another instance made of the process", arguments: Backend.allCases)
    func mergesOtherChanges(backend: Backend) async throws {
        try await self.withTwoManagers(backend) { manager, other in
            try await other.change("p", .retain(.forever))
            try await other.change("p", .cancel(reason: "enough", force: false))
            let record = try await manager.change("p", Self.progress(0.5))
            #expect(record.retain == .forever && record.cancelReason == "enough" && record.revision == 4)
            #expect(try await manager.find("p") == record)
        }
    }

    @Test("nobody is refused by an old copy: what another instance made possible is done", arguments: Backend.allCases)
    func notRefusedByCopy(backend: Backend) async throws {
        try await self.withTwoManagers(backend) { manager, other in
            try await other.change("p", .cancel(reason: nil, force: false))
            let record = try await manager.change("p", .confirmCancelled)
            #expect(record.status == .cancelled)
        }
    }

    @Test(
        "a report on what has ended through another instance is refused with the record as it is",
        arguments: Backend.allCases)
    func refusedByStore(backend: Backend) async throws {
        try await self.withTwoManagers(backend) { manager, other in
            let ended = try await other.change("p", .fail(ProcessFailure(code: "no"), mayRetry: false))
            let error = await #expect(throws: ProcessError.self) { try await manager.change("p", Self.progress(0.5)) }
            guard case .refused(.alreadyFinished, ended) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("a precondition is judged by the process as it is", arguments: Backend.allCases)
    func precondition(backend: Backend) async throws {
        try await self.withTwoManagers(backend) { manager, other in
            let current = try await other.change("p", Self.progress(0.25))
            let record = try await manager.change(
                "p", Self.progress(0.5), precondition: .revision(in: [current.revision]))
            #expect(record.revision == current.revision + 1)
        }
    }

    @Test(
        "a process that was removed and started anew is not taken for the one that was known",
        arguments: Backend.allCases)
    func startedAnew(backend: Backend) async throws {
        try await backend.withTwoInstances { first, second, clock in
            let known = ProcessRecord.started("p", at: clock.now)
            try await first.keep(known)
            try await second.change("p", by: .complete(result: nil))
            clock.advance(by: .seconds(10))
            try await second.removeEverythingFinished(tombstoneLifetime: .seconds(1))
            clock.advance(by: .seconds(10))
            while try await second.forgetExpired() {}
            let anew = ProcessRecord.started("p", kind: "other", at: clock.now)
            try await second.keep(anew)
            // Both are at revision 1.
            let late = try known.changed(by: Self.progress(0.5), at: clock.now)
            #expect(try await first.replace(late, over: known, notBefore: nil) == .conflict(.found(anew)))
            let record = try await ProcessManager(repository: first).change("p", Self.progress(0.5))
            #expect(record.kind == "other" && record.revision == 2)
            #expect(try await second.record("p") == record)
        }
    }

    @Test("copies are kept of what runs and is small, the latest ones only")
    func bounds() {
        let copies = RecentCopies()
        let now = Timestamp(milliseconds: 1_000_000)
        var large = ProcessRecord.started("large", at: now)
        large.result = JSONText(
            unchecked: [UInt8](repeating: UInt8(ascii: "1"), count: RecentCopies.longestPayload + 1))
        copies.keep(large)
        #expect(copies["large"] == nil)

        var first = ProcessRecord.started("0", at: now)
        for number in 0..<RecentCopies.capacity { copies.keep(.started(ProcessID(trusted: "\(number)"), at: now)) }
        first.revision = 2
        copies.keep(first)
        #expect(copies["0"] == first)
        copies.keep(.started("next", at: now))
        #expect(copies["0"] == nil)
        #expect(copies["1"] != nil && copies["next"] != nil)

        var ended = ProcessRecord.started("1", at: now)
        ended.status = .completed
        copies.keep(ended)
        #expect(copies["1"] == nil)
    }
}
