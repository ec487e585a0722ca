// The rules about output: what was sent, what was acknowledged, and what stands there.
extension OutputHistory {
    func violations() -> [ChaosViolation] {
        let rules = [
            self.lostOutput, self.brokenIndexes, self.foreignOutput, self.misplacedOutput, self.repeatedOutput,
            self.tornOutput, self.outputOrder, self.lateOutput, self.wrongRestart,
        ]
        let ofReadings = self.readings.flatMap { reading in rules.flatMap { rule in rule(reading) } }
        return self.wrongAnswer() + self.unfoundedRefusal() + self.lateAcknowledgement() + ofReadings
    }

    private func violation(_ rule: ChaosRule, _ detail: String) -> ChaosViolation {
        ChaosViolation(rule: rule, id: self.id, detail: detail)
    }

    // MARK: Answers

    private func wrongAnswer() -> [ChaosViolation] {
        self.appends.flatMap { append in
            append.operations.compactMap { operation in
                guard let range = operation.appended,
                    range.count != append.parts.count || range.lowerBound != append.named ?? range.lowerBound
                else { return nil }
                return self.violation(.wrongAnswer, "\(operation)")
            }
        }
    }

    private func unfoundedRefusal() -> [ChaosViolation] {
        self.appends.flatMap { append in
            append.operations.compactMap { operation in
                // Whoever was given up on is told so, and never mind what.
                guard case .refused(_, let code, _) = operation.answer, code != "stale_attempt" else { return nil }
                if let named = append.named, let before = append.acknowledged, before < operation.begin,
                    self.isKept(named + append.parts.count - 1)
                {
                    return self.violation(.unfoundedRefusal, "it was acknowledged before: \(operation)")
                }
                guard code == "index_conflict", !self.isContradicted(append, before: operation.end) else { return nil }
                return self.violation(.unfoundedRefusal, "nothing else was sent for this index: \(operation)")
            }
        }
    }

    /// Whether an index is kept to the end of the history.
    private func isKept(_ index: Int) -> Bool { self.readings.allSatisfy { $0.last - $0.kept < index } }

    /// Whether something else may have taken the index that an append named.
    private func isContradicted(_ append: Append, before instant: Duration) -> Bool {
        self.appends.contains { other in
            other.named == append.named && append.named != nil && other.parts != append.parts
                && other.begins.contains { $0 < instant }
        }
    }

    private func lateAcknowledgement() -> [ChaosViolation] {
        self.appends.compactMap { append in
            guard append.acknowledged != nil, self.isLate(append) else { return nil }
            return self.violation(.lateOutput, "was acknowledged: \(append.operations)")
        }
    }

    /// Whether an append was sent only after its attempt was over.
    private func isLate(_ append: Append) -> Bool {
        guard let end = self.ends[append.attempt] else { return false }
        return append.begins.allSatisfy { $0 > end }
    }

    // MARK: What stands there

    private func lostOutput(_ reading: Reading) -> [ChaosViolation] {
        let there = Set(reading.chunks)
        return self.known.compactMap { known in
            guard known.since < reading.operation.begin, known.chunk.index > reading.last - reading.kept,
                !there.contains(known.chunk)
            else { return nil }
            return self.violation(.lostOutput, "\(known.operation), but \(reading.operation)")
        }
    }

    private func brokenIndexes(_ reading: Reading) -> [ChaosViolation] {
        let first = max(reading.last - reading.kept, 0) + 1
        return reading.indexes == Array(first..<reading.last + 1)
            ? [] : [self.violation(.brokenIndexes, "\(reading.operation)")]
    }

    private func foreignOutput(_ reading: Reading) -> [ChaosViolation] {
        reading.chunks.compactMap { chunk in
            guard !chunk.isRestart, self.place(of: chunk, in: reading) == nil else { return nil }
            return self.violation(.foreignOutput, "\(chunk.data) in \(reading.operation)")
        }
    }

    private func misplacedOutput(_ reading: Reading) -> [ChaosViolation] {
        reading.chunks.compactMap { chunk in
            guard let place = self.place(of: chunk, in: reading), let named = place.append.named,
                chunk.index != named + place.offset
            else { return nil }
            return self.violation(.misplacedOutput, "\(chunk.data) in \(reading.operation)")
        }
    }

    /// Only of what named no index: the rest can stand in one place only.
    private func repeatedOutput(_ reading: Reading) -> [ChaosViolation] {
        Dictionary(grouping: reading.chunks, by: \.data).compactMap { data, chunks in
            guard let append = self.place(of: chunks[0], in: reading)?.append, append.named == nil else { return nil }
            let sent = append.begins.count { $0 < reading.operation.end }
            return chunks.count <= sent
                ? nil
                : self.violation(.repeatedOutput, "\(data) was sent \(sent) times: \(reading.operation)")
        }
    }

    private func tornOutput(_ reading: Reading) -> [ChaosViolation] {
        reading.chunks.indices.compactMap { number in
            let chunk = reading.chunks[number]
            guard let place = self.place(of: chunk, in: reading) else { return nil }
            let (parts, offset) = (place.append.parts, place.offset)
            let before = number > 0 ? reading.chunks[number - 1].data : nil
            let after = number + 1 < reading.chunks.count ? reading.chunks[number + 1].data : nil
            // What stood before the first one that is kept may be gone.
            let followsOn = offset == 0 || before == parts[offset - 1] || before == nil && chunk.index > offset
            let isWhole = followsOn && (offset == parts.count - 1 || after == parts[offset + 1])
            return isWhole ? nil : self.violation(.tornOutput, "\(parts) in \(reading.operation)")
        }
    }

    private func outputOrder(_ reading: Reading) -> [ChaosViolation] {
        var violations: [ChaosViolation] = []
        // Of what stands further behind, when the first was acknowledged.
        var earliest: Duration?
        for chunk in reading.chunks.reversed() {
            guard let append = self.place(of: chunk, in: reading)?.append else { continue }
            if let begin = append.begins.min(), let earliest, earliest < begin {
                violations.append(self.violation(.outputOrder, "\(chunk.data) in \(reading.operation)"))
            }
            if let end = self.acknowledged[chunk.index] { earliest = min(earliest ?? end, end) }
        }
        return violations
    }

    private func lateOutput(_ reading: Reading) -> [ChaosViolation] {
        var violations: [ChaosViolation] = []
        var latest = 0
        for chunk in reading.chunks {
            guard let append = self.place(of: chunk, in: reading)?.append else { continue }
            if append.attempt < latest || self.isLate(append) {
                violations.append(self.violation(.lateOutput, "\(chunk.data) in \(reading.operation)"))
            }
            latest = max(latest, append.attempt)
        }
        return violations
    }

    private func wrongRestart(_ reading: Reading) -> [ChaosViolation] {
        let attempts = reading.chunks.map { self.place(of: $0, in: reading)?.append.attempt }
        return reading.chunks.indices.compactMap { number in
            let chunk = reading.chunks[number]
            let before = number > 0 ? attempts[number - 1] : nil
            let isRight: Bool
            if chunk.isRestart {
                let follows = number + 1 < attempts.count ? attempts[number + 1] : nil
                let isBehindAnother = number == 0 ? chunk.index > 1 : before != follows
                isRight = follows.map { chunk.data == #"{"attempt":\#($0)}"# } ?? false && isBehindAnother
            } else if let before, let attempt = attempts[number] {
                // What goes back to an earlier attempt is late, whatever stands between.
                isRight = attempt <= before
            } else {
                isRight = true
            }
            return isRight ? nil : self.violation(.wrongRestart, "\(chunk) in \(reading.operation)")
        }
    }
}
