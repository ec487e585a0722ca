extension ProcessManager {
    /// Adds to the output of a process.
    ///
    /// One step of the store where the process takes it. Sent again with the index that it got, it is not added twice: the
    /// same bytes under that index are what was asked for, also where the process has finished since.
    ///
    /// - Parameters:
    ///   - output: The output, 1 or more.
    ///   - id: The process.
    ///   - attempt: Which attempt the worker was given.
    ///   - firstIndex: The index that the first of the output must get.
    /// - Returns: The indexes of the output.
    /// - Throws: `notFound`, `removed`, `corrupt`, `refused`, `indexConflict`, `store`.
    public func append(
        _ output: [StreamOutput], to id: ProcessID, attempt: Int? = nil, firstIndex: Int64? = nil
    ) async throws(ProcessError) -> ClosedRange<Int64> {
        let append = StreamAppend(
            to: id, output, attempt: attempt, firstIndex: firstIndex, keptChunks: self.keptChunks)
        do throws(ProcessError) {
            while true {
                let outcome: AppendOutcome
                do { outcome = try await self.repository.append(append) } catch { throw .store(error) }
                switch outcome {
                case .appended(let range):
                    self.observer.didAppend(output.count)
                    return range
                case .misplaced(let next):
                    if let range = try await self.repeated(append) { return range }
                    throw .indexConflict(id, next: next, Self.conflict(append, next: next))
                case .refused(let lookup):
                    let record = try Self.record(of: lookup, id)
                    switch try Self.judge(append, record) {
                    // It changed meanwhile, to what takes output.
                    case .appended: continue
                    case .onlyRepeated:
                        if let range = try await self.repeated(append) { return range }
                        throw .refused(.alreadyFinished, record)
                    }
                }
            }
        } catch {
            self.observer.didRefuseOutput(error)
            throw error
        }
    }

    /// Reads some of the output of a process.
    ///
    /// - Parameters:
    ///   - id: The process.
    ///   - index: The last chunk that the reader has; 0 where it has none.
    ///   - limit: How many chunks at the most, 1 or more.
    ///   - byteLimit: How long they may be in all; a single chunk may be longer.
    /// - Returns: The chunks after it, as many as fit; where the process had ended, the last index is final for this
    ///   attempt.
    /// - Throws: `notFound`, `removed`, `corrupt`, `store`.
    public func chunks(
        of id: ProcessID, after index: Int64 = 0, limit: Int = 1000, byteLimit: Int = StreamPage.byteLimit
    ) async throws(ProcessError) -> StreamPage {
        while true {
            let page: StreamPage?
            do {
                page = try await self.repository.chunks(
                    of: id, after: index, limit: limit, byteLimit: byteLimit)
            } catch {
                throw .store(error)
            }
            if let page { return page }
            // Says why there is none, unless the process was started in between.
            _ = try await self.find(id)
        }
    }

    private static func judge(
        _ append: StreamAppend, _ record: ProcessRecord
    ) throws(ProcessError) -> StreamAppend.Judgement {
        do { return try append.judge(record) } catch { throw .refused(error, record) }
    }

    /// The indexes of an append that is there already; `nil` where it is not. Chunks never change, so it need not be known in
    /// one moment.
    private func repeated(_ append: StreamAppend) async throws(ProcessError) -> ClosedRange<Int64>? {
        guard let range = append.range(startingAt: append.firstIndex), range.lowerBound > 0 else { return nil }
        var kept: [StreamChunk] = []
        var after = range.lowerBound - 1
        while true {
            let left = Int(min(range.upperBound - after, 1000))
            let page = try await self.chunks(of: append.id, after: after, limit: left)
            kept += page.chunks
            if let last = page.chunks.last?.index, last < range.upperBound {
                after = last
            } else {
                return append.isRepeated(in: kept, last: page.last) ? range : nil
            }
        }
    }

    private static func conflict(_ append: StreamAppend, next: Int64) -> String {
        guard let first = append.firstIndex, first < next else {
            return "the next index is \(next): leave the index out, or go on there"
        }
        if first + Int64(append.output.count) > next {
            return
                "the next index is \(next): what was sent begins before it and ends behind it, so send the new part alone"
        }
        return "the next index is \(next), and under \(first) there is something else, or nothing is kept any more"
    }
}
