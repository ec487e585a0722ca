public import ProcessCore

extension RedisProcessRepository {
    /// How many streams one ``removeStreams(endedBy:)`` looks at.
    private static let streamLimit = 500

    /// See ``ProcessRepository``. One round trip.
    public func append(_ append: StreamAppend) async throws(ProcessRepositoryError) -> AppendOutcome {
        let id = append.id
        let count = Int64(append.output.count)
        return try await self.run(.append) { commands in
            commands.add(id.text)
            commands.add(append.attempt.map(String.init) ?? "")
            commands.add(append.firstIndex.map(String.init) ?? "")
            commands.add(append.keptChunks)
            commands.add(self.keys.events)
            for output in append.output {
                commands.add(output.type)
                commands.add(output.data.bytes)
            }
        } _: { (reply) throws(RedisReply.Surprise) -> AppendOutcome in
            _ = try reply.array()
            switch try reply.string() {
            case "appended":
                let first = try reply.decimal()
                return .appended(first...(first + count - 1))
            case "misplaced": return .misplaced(next: try reply.decimal())
            case "refused": return .refused(try reply.lookup(id))
            default: throw .unexpected("a stream of ours under the key of this process's output")
            }
        }
    }

    /// See ``ProcessRepository``. One round trip.
    public func chunks(
        of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) async throws(ProcessRepositoryError) -> StreamPage? {
        try await self.run(.chunks, .reads) { commands in
            commands.add(id.text)
            commands.add(index)
            commands.add(limit)
            commands.add(byteLimit)
        } _: { (reply) throws(RedisReply.Surprise) -> StreamPage? in
            _ = try reply.array()
            switch try reply.string() {
            case "missing": return nil
            case "found": return try reply.streamPage()
            default: throw .unexpected("a stream of ours under the key of this process's output")
            }
        }
    }

    /// See ``ProcessRepository``.
    public func removeStreams(endedBy instant: Timestamp) async throws(ProcessRepositoryError) -> Bool {
        let limit = Self.streamLimit
        return try await self.run(.removeStreams) { commands in
            commands.add(instant.milliseconds)
            commands.add(limit)
        } _: { (reply) throws(RedisReply.Surprise) -> Bool in
            try reply.integer() == limit
        }
    }
}

extension RedisReply {
    /// Reads status, last index and chunks; a status that is none of ours makes the process one that can't be read.
    fileprivate mutating func streamPage() throws(Surprise) -> StreamPage? {
        let status = ProcessStatus(rawValue: try self.string())
        let last = try self.decimal()
        var chunks: [StreamChunk] = []
        for _ in 0..<(try self.array() / 3) {
            let index = try self.decimal()
            let type = try self.string()
            guard let data = try self.optionalBytes({ try? JSONText(validating: $0) }), let data else {
                throw .unexpected("JSON in chunk \(index)")
            }
            chunks.append(StreamChunk(index: index, type: type, data: data))
        }
        return status.map { StreamPage(chunks: chunks, last: last, status: $0) }
    }
}
