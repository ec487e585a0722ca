import ProcessCore

/// One request of a chaos run and what came of it, with the times between which it happened.
struct ChaosOperation: Sendable {
    /// A worker's word on an attempt that it was given.
    struct Attempt: Hashable, Sendable {
        var id: String
        var number: Int
        var worker: String
    }

    /// What was asked for. Payloads are kept as ``PayloadDigest``s.
    enum Request: Hashable, Sendable {
        /// `number` is the process's in the plan; several starts with one number are the same start sent again.
        case start(number: Int, id: String?, key: String?, input: String)
        case claim(worker: String, queues: Set<String>)
        case progress(Attempt, message: String)
        case complete(Attempt, result: String)
        case fail(Attempt, details: String)
        case confirmCancelled(Attempt)
        /// Adds to the output; `at` is the index that the first of the parts must get.
        case append(Attempt, [String], at: Int?)
        case cancel(id: String, force: Bool)
        case retry(id: String)
        /// `known` is the revision that the reader has already.
        case read(id: String, known: Int?)
        /// All that is kept of the output of a process, of which so many chunks are kept.
        case readOutput(id: String, kept: Int)
        /// All that there is, once everything has calmed down.
        case survey
        /// A handler of a worker that is a program of its own says what it worked on, and what it gave as the result.
        case handle(Attempt, result: String)
        /// Something was killed or cut on purpose.
        case disturb(ChaosPlan.Disturbance.Kind)
    }

    /// What came of it.
    enum Answer: Hashable, Sendable {
        /// Processes as they are after it.
        case shown(status: Int, [Sighting])
        /// The process is still as the reader knows it.
        case unchanged
        /// It was added to the output, under these indexes.
        case appended(ClosedRange<Int>)
        /// The output as it is.
        case output(OutputSighting)
        /// It was refused, and changed nothing.
        case refused(status: Int, code: String, Sighting.Outline?)
        /// No answer, or one that says so: it may or may not have happened.
        case lost(String)
        /// It certainly did not happen: nobody was there, or the store could not be asked.
        case undone(String)
    }

    /// Who asked.
    let actor: String
    let request: Request
    /// The time of sending since the run began, by a clock that never goes back.
    let begin: Duration
    /// The time of the answer.
    let end: Duration
    let answer: Answer

    /// Whether it may have had an effect, or certainly had.
    var mayHaveHappened: Bool {
        switch self.answer {
        case .shown, .unchanged, .appended, .output, .lost: true
        case .refused, .undone: false
        }
    }

    /// The processes that it showed.
    var sightings: [Sighting] {
        if case .shown(_, let sightings) = self.answer { sightings } else { [] }
    }

    /// The one process that it showed.
    var sighting: Sighting? { self.sightings.first }

    /// The attempt that it reports on.
    var report: Attempt? {
        switch self.request {
        case .progress(let attempt, _), .complete(let attempt, _), .fail(let attempt, _),
            .confirmCancelled(let attempt), .append(let attempt, _, _):
            attempt
        case .start, .claim, .cancel, .retry, .read, .readOutput, .survey, .handle, .disturb: nil
        }
    }

    /// The processes that it is about, as far as that is known.
    var ids: Set<String> {
        var ids = Set(self.sightings.map(\.id))
        switch self.request {
        case .cancel(let id, _), .retry(let id), .read(let id, _), .readOutput(let id, _): ids.insert(id)
        case .handle(let attempt, _): ids.insert(attempt.id)
        case .start(_, let id, _, _): if let id { ids.insert(id) }
        case .progress, .complete, .fail, .confirmCancelled, .append: if let id = self.report?.id { ids.insert(id) }
        case .claim, .survey, .disturb: break
        }
        return ids
    }
}

extension ChaosOperation: CustomStringConvertible {
    /// One line of a history: the time in milliseconds, who, what, and the answer.
    var description: String {
        let times = "\(self.begin.milliseconds)-\(self.end.milliseconds)"
        return "\(times) \(self.actor): \(self.request) -> \(self.answer)"
    }
}

extension ChaosOperation.Attempt: CustomStringConvertible {
    var description: String { "\(self.id) attempt \(self.number) by \(self.worker)" }
}
