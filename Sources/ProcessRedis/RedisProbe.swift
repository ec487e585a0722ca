internal import ProcessCore

/// Finds out, before any request does, whether the user may run each of our commands on each of our keys and on the
/// channel, and whether those keys hold what they should.
///
/// `ACL DRYRUN` would ask without doing, but is itself refused to users with few rights. So everything is done, in ways
/// that change nothing: entries are added only where they exist, removed where they do not, or both in one transaction.
struct RedisProbe {
    let client: RedisClient
    let keys: RedisKeys

    /// Looks at everything.
    ///
    /// - Throws: `refused` naming what is missing; `unavailable` where the server is not ready.
    func run() async throws(ProcessRepositoryError) {
        var probes = self.sortedSets + self.sets + self.hashes
        probes.append(Probe("GET", [self.key(RedisKeys.idempotency, Self.id)]))
        probes.append(Probe("SET", [self.key(RedisKeys.idempotency, Self.id), Self.id, "PX", "1"]))
        probes.append(Probe("UNLINK", [self.key(RedisKeys.idempotency, Self.id)]))
        probes.append(Probe("PUBLISH", [self.keys.events, ""]))
        probes.append(Probe("TIME", []))
        probes.append(Probe("PING", []))
        probes.append(Probe("EVAL", ["return 1", "1", self.keys.ids]))
        // An unknown digest is what an answer of our own asking looks like.
        probes.append(Probe("EVALSHA", [String(repeating: "0", count: 40), "1", self.keys.ids]))
        probes.append(Probe("MULTI", []))
        probes.append(Probe("EXEC", []))
        try await self.send(probes)
    }

    private struct Probe {
        let command: StaticString
        let arguments: [String]

        init(_ command: StaticString, _ arguments: [String]) {
            self.command = command
            self.arguments = arguments
        }
    }

    /// An id that nobody has: the probe never makes an entry of it that could be seen.
    private static let id = "probe~\(UInt64.random(in: .min ... .max))"

    private func key(_ name: String, _ last: String = "") -> String { self.keys.prefix + name + last }

    private var sortedSets: [Probe] {
        let names =
            RedisKeys.sharedIndexes + [RedisKeys.tombstones, RedisKeys.streams]
            + [RedisKeys.queue, RedisKeys.kind, RedisKeys.children].map { $0 + Self.id }
        var probes = names.flatMap { name in
            [
                Probe("ZADD", [self.key(name), "XX", "0", Self.id]), Probe("ZREM", [self.key(name), Self.id]),
                Probe("ZCARD", [self.key(name)]),
            ]
        }
        let times = self.key(RedisKeys.times)
        probes.append(Probe("ZRANGE", [times, "0", "0"]))
        probes.append(Probe("ZRANGEBYSCORE", [times, "-inf", "+inf", "LIMIT", "0", "1"]))
        probes.append(Probe("ZREVRANGEBYSCORE", [times, "+inf", "-inf", "LIMIT", "0", "1"]))
        probes.append(Probe("ZCOUNT", [times, "0", "0"]))
        probes.append(Probe("ZINTER", ["2", times, self.key(RedisKeys.never)]))
        probes.append(Probe("ZPOPMIN", [self.key(RedisKeys.tombstones), "0"]))
        return probes
    }

    /// A transaction that adds and removes again is seen by nobody.
    private var sets: [Probe] {
        [self.keys.ids, self.key(RedisKeys.kinds), self.key(RedisKeys.queues)].flatMap { key in
            [
                Probe("SCARD", [key]), Probe("SMEMBERS", [self.key(RedisKeys.kinds)]),
                Probe("SINTER", [key, self.key(RedisKeys.never)]), Probe("MULTI", []),
                Probe("SADD", [key, Self.id]), Probe("SREM", [key, Self.id]), Probe("EXEC", []),
            ]
        }
    }

    private var hashes: [Probe] {
        let process = self.keys.process + Self.id
        let stream = self.key(RedisKeys.stream, Self.id)
        let reads = [process, self.keys.removed].flatMap { key in
            [Probe("HMGET", [key, Self.id]), Probe("HGET", [key, Self.id]), Probe("HEXISTS", [key, Self.id])]
        }
        let writes = [process, self.keys.removed].flatMap { key in
            [
                Probe("MULTI", []), Probe("HSET", [key, Self.id, ""]), Probe("HDEL", [key, Self.id]), Probe("EXEC", []),
            ]
        }
        return reads + writes + [
            Probe("HGETALL", [process]), Probe("EXISTS", [process]), Probe("TYPE", [process]),
            Probe("UNLINK", [process, self.key(RedisKeys.children, Self.id), stream]),
            Probe("XADD", [stream, "NOMKSTREAM", "1-0", "type", ""]),
            Probe("XRANGE", [stream, "-", "+", "COUNT", "1"]),
        ]
    }

    /// Looks whether the server takes writes, in a way that leaves nothing and is seen by nobody.
    ///
    /// - Returns: What the server refuses them with, if it does.
    /// - Throws: `unavailable`.
    func findWriteRefusal() async throws(ProcessRepositoryError) -> String? {
        var commands = RedisCommands()
        commands.append("MULTI", [])
        commands.append("HSET", [self.keys.removed, Self.id, ""])
        commands.append("HDEL", [self.keys.removed, Self.id])
        commands.append("EXEC", [])
        return try await self.client.send(commands, .reads, for: "the probe") {
            (reply) throws(RedisReply.Surprise) -> String? in
            (0..<4).flatMap { _ in reply.errors() }.first
        }
    }

    private func send(_ probes: [Probe]) async throws(ProcessRepositoryError) {
        var commands = RedisCommands(capacity: 16 << 10)
        for probe in probes { commands.append(probe.command, probe.arguments) }
        let refusals = try await self.client.send(commands, .reads, for: "the probe") {
            (reply) throws(RedisReply.Surprise) -> [(Probe, String)] in
            var refusals: [(Probe, String)] = []
            for probe in probes {
                let errors = reply.errors()
                if let error = errors.first { refusals.append((probe, error)) }
            }
            return refusals
        }
        for (probe, text) in refusals {
            // It follows from another refusal, which comes before it.
            if text.hasPrefix("EXECABORT") { continue }
            try self.judge(text, of: probe)
        }
        // Or from that of EXEC itself.
        if let (probe, text) = refusals.first(where: { $0.1.contains("NOPERM") }) { throw self.denial(of: probe, text) }
    }

    private func judge(_ text: String, of probe: Probe) throws(ProcessRepositoryError) {
        let error = ProcessRepositoryError(redis: text, doing: "\(probe.command)")
        switch (error.code, text.prefix { $0 != " " }) {
        case (_, "NOSCRIPT"), (.storeFull, _):
            // The first is what was asked for, and a store that is full can be read.
            return
        case (.refused, "WRONGTYPE"):
            let key = probe.arguments.first ?? ""
            throw ProcessRepositoryError(
                .refused, "the key \(key) in Redis holds something else than this service keeps there")
        case (_, "MOVED"), (_, "CLUSTERDOWN"), (_, "CROSSSLOT"):
            throw ProcessRepositoryError(.refused, "this Redis server is part of a cluster, not supported yet: \(text)")
        case (.refused, _), (.unexpectedAnswer, _):
            throw self.denial(of: probe, text)
        case (_, "READONLY"):
            throw ProcessRepositoryError(.unavailable, "this Redis server is a replica, which takes no writes: \(text)")
        default:
            throw error
        }
    }

    private func denial(of probe: Probe, _ text: String) -> ProcessRepositoryError {
        let subject = probe.arguments.first.map { " on \($0)" } ?? ""
        return ProcessRepositoryError(.refused, "Redis does not allow \(probe.command)\(subject): \(text)")
    }
}

extension RedisReply {
    /// Passes over one reply.
    ///
    /// - Returns: The error that it is, or those among its elements.
    fileprivate mutating func errors() -> [String] {
        if let error {
            self.skip()
            return [error]
        }
        guard let count = try? self.array() else {
            self.skip()
            return []
        }
        return (0..<count).flatMap { _ in self.errors() }
    }
}
