import ProcessTestSupport
import Testing

/// All that a Redis holds, held against itself: each index says what the hashes say.
struct RedisSurvey {
    private let server: RedisServer
    private let client: RedisTestClient

    init(_ server: RedisServer) throws {
        self.server = server
        self.client = try server.connect()
    }

    /// Expects no index to know a process that has no hash, or knows it otherwise, and no hash to be missing in one.
    func expectWhole() throws {
        let keys = try self.client.run("KEYS", "*").texts
        let ids = Set(try self.client.run("SMEMBERS", "process_ids").texts)
        #expect(Set(keys.filter { $0.hasPrefix("process:") }) == Set(ids.map { "process:\($0)" }))
        #expect(try self.members("process_times") == ids)

        var statuses: [String: Set<String>] = [:]
        var kinds: [String: Set<String>] = [:]
        var finished: Set<String> = []
        var leased: Set<String> = []
        for id in ids {
            let fields = try self.client.run("HGETALL", "process:\(id)").texts
            var hash: [String: String] = [:]
            for index in stride(from: 0, to: fields.count - 1, by: 2) { hash[fields[index]] = fields[index + 1] }
            let status = try #require(hash["status"], "\(id)")
            statuses[status, default: []].insert(id)
            kinds[hash["kind"] ?? "", default: []].insert(id)
            if ["completed", "failed", "cancelled"].contains(status) { finished.insert(id) }
            if hash["lease_expires_at"].map({ !$0.isEmpty }) == true { leased.insert(id) }
        }
        for status in ["pending", "running", "completed", "failed", "cancelled"] {
            #expect(try self.members("process_status:\(status)") == statuses[status] ?? [], "\(status)")
        }
        for (kind, members) in kinds { #expect(try self.members("process_kind:\(kind)") == members, "\(kind)") }
        #expect(try self.members("process_finished").union(try self.members("process_expires")) == finished)
        #expect(try self.members("process_leases") == leased)
        let removed = Set(try self.client.run("HKEYS", "process_removed").texts)
        #expect(try self.members("process_tombstones") == removed)
        #expect(removed.isDisjoint(with: ids))
    }

    private func members(_ key: String) throws -> Set<String> {
        Set(try self.client.run("ZRANGE", key, "0", "-1").texts)
    }
}
