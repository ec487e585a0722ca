import ProcessCore

/// A small history made by hand: one process `a` in the queue `q`, one request after the other, 10 ms each.
struct HistoryScript {
    private(set) var operations: [ChaosOperation] = []
    private var now = Duration.zero

    /// A history that begins as another one, or with nothing.
    init(after begin: HistoryScript? = nil, _ more: (inout HistoryScript) -> Void = { _ in }) {
        if let begin { self = begin }
        more(&self)
    }

    static let input = #"{"number":1}"#

    /// The process as it is shown; what is not said is as at the beginning.
    static func process(
        _ status: ProcessStatus, _ revision: Int, attempt: Int = 0, _ change: (inout Sighting) -> Void = { _ in }
    ) -> Sighting {
        var sighting = Sighting(id: "a", status: status, revision: revision)
        sighting.attempt = attempt
        sighting.maxAttempts = 3
        sighting.queue = "q"
        sighting.input = Self.input
        if status == .running {
            sighting.worker = "w\(attempt)"
            sighting.lease = .seconds(1)
        }
        change(&sighting)
        return sighting
    }

    static func attempt(_ number: Int) -> ChaosOperation.Attempt {
        ChaosOperation.Attempt(id: "a", number: number, worker: "w\(number)")
    }

    static let start = ChaosOperation.Request.start(number: 1, id: "a", key: nil, input: Self.input)

    /// Time in which nobody asks anything.
    mutating func wait(_ duration: Duration) { self.now += duration }

    /// A request and its answer; `overlapping`: it was sent before the one before it was answered.
    mutating func add(
        _ request: ChaosOperation.Request, _ answer: ChaosOperation.Answer, overlapping: Bool = false
    ) {
        let begin = overlapping ? self.now - .milliseconds(15) : self.now
        self.now = Swift.max(self.now, begin + .milliseconds(20))
        self.operations.append(
            ChaosOperation(
                actor: "test", request: request, begin: begin, end: self.now - .milliseconds(10), answer: answer))
    }

    mutating func add(
        _ request: ChaosOperation.Request, _ sighting: Sighting, status: Int = 200, overlapping: Bool = false
    ) {
        self.add(request, .shown(status: status, [sighting]), overlapping: overlapping)
    }

    mutating func refuse(_ request: ChaosOperation.Request, _ code: String, _ sighting: Sighting? = nil) {
        self.add(request, .refused(status: 409, code: code, sighting?.outline))
    }

    // MARK: Steps of a life

    mutating func start(id: String = "a") {
        var process = Self.process(.pending, 1)
        process.id = id
        self.add(Self.start, process, status: 202)
    }

    mutating func claim(_ attempt: Int, _ revision: Int) {
        self.add(
            .claim(worker: "w\(attempt)", queues: ["q"]), Self.process(.running, revision, attempt: attempt))
    }

    mutating func read(_ sighting: Sighting, known: Int? = nil, overlapping: Bool = false) {
        self.add(.read(id: "a", known: known), sighting, overlapping: overlapping)
    }

    /// An append of an attempt, and what came of it.
    mutating func append(
        _ attempt: Int, _ parts: [String], at named: Int? = nil, _ answer: ChaosOperation.Answer,
        overlapping: Bool = false
    ) {
        self.add(.append(Self.attempt(attempt), parts, at: named), answer, overlapping: overlapping)
    }

    /// The output is read, of which 3 chunks are kept: the data that stands up to the last index, where `restart 2` is no data.
    mutating func output(_ data: [String], last: Int? = nil) {
        let last = last ?? data.count
        self.output(
            data.enumerated().map { Self.chunk(last - data.count + 1 + $0, $1) }, last: last)
    }

    mutating func output(_ chunks: [OutputSighting.Chunk], last: Int) {
        self.add(.readOutput(id: "a", kept: 3), .output(OutputSighting(chunks: chunks, last: last)))
    }

    static func chunk(_ index: Int, _ data: String) -> OutputSighting.Chunk {
        let words = data.split(separator: " ")
        return words.count == 2
            ? OutputSighting.Chunk(index: index, type: "\(words[0])", data: #"{"attempt":\#(words[1])}"#)
            : OutputSighting.Chunk(index: index, data: data)
    }

    mutating func survey(_ sightings: Sighting...) {
        self.add(.survey, .shown(status: 200, sightings))
    }

    /// Started, claimed, completed: revisions 1 to 3.
    static var completed: HistoryScript {
        var script = Self.claimed
        script.add(.complete(Self.attempt(1), result: "r1"), Self.completedProcess(3))
        return script
    }

    /// Started and claimed: revisions 1 and 2.
    static var claimed: HistoryScript {
        var script = HistoryScript()
        script.start()
        script.claim(1, 2)
        return script
    }

    /// Started, claimed, and given up on: revisions 1 to 3, and shown as pending again.
    static var expired: HistoryScript {
        var script = Self.claimed
        script.wait(.seconds(2))
        script.read(Self.expiredProcess)
        return script
    }

    static let expiredProcess = Self.process(.pending, 3, attempt: 1) { $0.errorCode = "lease_expired" }

    static func completedProcess(_ revision: Int, attempt: Int = 1, result: String? = nil) -> Sighting {
        Self.process(.completed, revision, attempt: attempt) {
            $0.worker = "w\(attempt)"
            $0.result = result ?? "r\(attempt)"
        }
    }

    static func failedProcess(_ revision: Int, details: String = "d1") -> Sighting {
        Self.process(.failed, revision, attempt: 1) {
            $0.worker = "w1"
            $0.errorCode = ProcessHistory.reportedCode
            $0.errorDetails = details
        }
    }
}
