internal import CSQLite
internal import ProcessCore

extension StoreReader {
    /// Reads some of the output of a process.
    ///
    /// - Returns: The chunks, of one moment; `nil` where there is no process that can be read.
    func chunks(
        of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) throws(SQLiteError) -> StreamPage? {
        try self.inOneMoment { () throws(SQLiteError) in
            let current = try self.statement(
                """
                SELECT p.status, s.stream, s.last FROM processes p LEFT JOIN streams s ON s.process = p.row
                WHERE p.id = ?1
                """)
            current.bind(id.text, at: 1)
            guard try current.step() else { return nil }
            let status = current.text(at: 0).flatMap(ProcessStatus.init(rawValue:))
            let (stream, last) = (current.integer(at: 1), current.integer(at: 2))
            current.reset()
            guard let status else { return nil }
            var page = StreamPage(chunks: [], last: last, status: status)
            if index < last {
                page.chunks = try self.chunks(in: stream, of: id, after: index, limit: limit, byteLimit: byteLimit)
            }
            return page
        }
    }

    /// Reads some of the chunks of a stream.
    ///
    /// - Throws: What SQLite says; a mismatch where a chunk can't be read.
    func chunks(
        in stream: Int64, of id: ProcessID, after index: Int64, limit: Int, byteLimit: Int
    ) throws(SQLiteError) -> [StreamChunk] {
        let rows = try self.statement(
            "SELECT idx, type, data FROM stream_chunks WHERE stream = ?1 AND idx > ?2 ORDER BY idx LIMIT ?3")
        rows.bind(stream, at: 1)
        rows.bind(index, at: 2)
        rows.bind(limit, at: 3)
        defer { rows.reset() }
        var chunks: [StreamChunk] = []
        var left = byteLimit
        while try rows.step() {
            let index = rows.integer(at: 0)
            let data = rows.withText(at: 2) { $0.flatMap { try? JSONText(validating: $0) } }
            // Somebody else wrote it; the answer that it would stand in could not be read.
            guard let data else {
                throw SQLiteError(code: SQLITE_MISMATCH, message: "chunk \(index) of \(id) is no JSON")
            }
            let chunk = StreamChunk(index: index, type: rows.text(at: 1) ?? "", data: data)
            left -= chunk.byteCount
            if left < 0, !chunks.isEmpty { break }
            chunks.append(chunk)
        }
        return chunks
    }
}
