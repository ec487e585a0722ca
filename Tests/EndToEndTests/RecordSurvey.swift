import Testing

/// Every process that a tracker lists, each looked at for being whole.
struct RecordSurvey {
    /// The members of each process, by its id.
    let records: [String: [String: JSONNode]]

    /// Walks through all of them.
    init(_ client: TrackerConnection) async throws {
        var records: [String: [String: JSONNode]] = [:]
        for node in try await client.allProcesses() {
            let record = node.members
            let id = try #require(record["process_id"]?.string, "\(node)")
            #expect(records.updateValue(record, forKey: id) == nil, "\(id) is listed twice")
            Self.expectWhole(record)
        }
        self.records = records
    }

    /// Expects `/stats` to count what the walk found.
    func expectCountsOfStats(_ client: TrackerConnection) async throws {
        let stats = try await client.get("/stats").json.members
        #expect(stats["total"]?.int == self.records.count)
        let found = Dictionary(grouping: self.records.values) { $0["status"]?.string ?? "" }.mapValues(\.count)
        for (status, count) in stats["by_status"]?.members ?? [:] {
            #expect(count.int == found[status] ?? 0, "\(status)")
        }
        let kinds = Dictionary(grouping: self.records.values) { $0["kind"]?.string ?? "" }.mapValues(\.count)
        #expect(stats["by_kind"]?.members.mapValues { $0.int ?? -1 }.filter { $0.value > 0 } == kinds)
    }

    /// Expects a record to contradict itself nowhere.
    static func expectWhole(_ record: [String: JSONNode], sourceLocation: SourceLocation = #_sourceLocation) {
        func isNull(_ name: String) -> Bool { record[name].map(\.isNull) ?? true }
        let status = record["status"]?.string ?? ""
        let isFinished = ["completed", "failed", "cancelled"].contains(status)
        let contradictions = [
            "status": isFinished || ["pending", "running"].contains(status),
            "kind": record["kind"]?.string?.isEmpty == false,
            "finished_at": isFinished != isNull("finished_at"),
            "started_at": status != "running" || !isNull("started_at"),
            "revision": record["revision"]?.int ?? 0 >= 1,
            "attempt": record["attempt"]?.int ?? -1 >= 0,
            "result": status == "completed" || isNull("result"),
            "error": ["failed", "cancelled", "pending"].contains(status) || isNull("error"),
            "failed without error": status != "failed" || !isNull("error"),
            "updated_at": record["updated_at"]?.string ?? "" >= record["created_at"]?.string ?? "~",
            "lease_expires_at": !isFinished || isNull("lease_expires_at"),
        ].filter { !$0.value }.keys.sorted()
        #expect(contradictions.isEmpty, "\(record)", sourceLocation: sourceLocation)
    }
}
