/// How far the work is, as its worker last said.
public struct ProcessProgress: Hashable, Sendable {
    /// The share that is done, 0…1; follows from `done` and `total` where the total is above 0.
    public var fraction: Double?
    /// Units done, 0 or more.
    public var done: Double?
    /// Units in all, 0 or more.
    public var total: Double?
    /// What the work is at, for people.
    public var message: String?

    /// Takes the four parts as stored.
    public init(fraction: Double? = nil, done: Double? = nil, total: Double? = nil, message: String? = nil) {
        self.fraction = fraction
        self.done = done
        self.total = total
        self.message = message
    }
}

/// What a worker says of its progress in one report; empty is a heartbeat.
public struct ProgressReport: Hashable, Sendable {
    /// The numbers, which replace the three of the process together; `nil` leaves them.
    public enum Numbers: Hashable, Sendable {
        /// The share alone, 0…1.
        case fraction(Double)
        /// Units done, of a total where it is known.
        case units(done: Double, total: Double?)
    }

    /// The new numbers, or none.
    public var numbers: Numbers?
    /// The new message; `nil` leaves the one that is there.
    public var message: String?

    /// Takes what a report said.
    public init(numbers: Numbers? = nil, message: String? = nil) {
        self.numbers = numbers
        self.message = message
    }

    /// The progress after this report; `nil` stays `nil` until numbers or a message came.
    func applied(to progress: ProcessProgress?) -> ProcessProgress? {
        guard self.numbers != nil || self.message != nil else { return progress }
        var next = progress ?? ProcessProgress()
        switch self.numbers {
        case .fraction(let fraction):
            (next.fraction, next.done, next.total) = (fraction, nil, nil)
        case .units(let done, let total):
            let fraction = total.flatMap { $0 > 0 ? min(done / $0, 1) : nil }
            (next.fraction, next.done, next.total) = (fraction, done, total)
        case nil: break
        }
        if let message { next.message = message }
        return next
    }
}
