import ProcessTestSupport

/// What becomes of one process of a chaos run, as far as its client decides it.
struct ProcessPlan: Sendable {
    /// How its start is told from others.
    enum Naming: Hashable, Sendable {
        case generated
        case id(String)
        case key(String)
        case idAndKey(String)

        var id: String? {
            switch self {
            case .id(let id), .idAndKey(let id): id
            case .generated, .key: nil
            }
        }
        var key: String? {
            switch self {
            case .key(let key), .idAndKey(let key): key
            case .generated, .id: nil
            }
        }
    }

    struct Cancel: Sendable {
        let after: Duration
        let force: Bool
    }

    let number: Int
    let naming: Naming
    /// `nil` where the client does the work itself.
    let queue: String?
    /// The payload that it is started with; different for each process.
    let input: String
    /// The body of its start.
    let body: String
    /// Whether the client sends its start to two instances at the same time.
    let startsTwice: Bool
    let cancel: Cancel?
    /// How often the client wants it to be tried again after it failed or was cancelled.
    let retries: Int

    init(_ plan: ChaosPlan, _ number: Int) {
        var random = plan.generator(.process, number)
        self.number = number
        self.naming =
            switch random.int(0...5) {
            case 0, 1: .generated
            case 2, 3: .id("chaos-\(number)")
            case 4: .key("key-\(number)")
            default: .idAndKey("chaos-\(number)")
            }
        switch random.int(0...99) {
        case 0...7: self.queue = nil
        case 8, 9: self.queue = ChaosPlan.handlerQueue
        default: self.queue = random.pick(ChaosPlan.queues)
        }
        let padding = String(repeating: "p", count: random.oneIn(4) ? random.int(0...4096) : random.int(0...64))
        self.input = #"{"number":\#(number),"padding":"\#(padding)"}"#
        self.startsTwice = self.naming != .generated && random.oneIn(4)
        self.cancel =
            random.oneIn(7)
            ? Cancel(after: .milliseconds(random.int(0...400)), force: random.oneIn(3)) : nil
        self.retries = random.oneIn(4) ? random.int(1...2) : 0

        // Only handlers look at their kind: it says for how long they work.
        let kind = self.queue == ChaosPlan.handlerQueue ? "handled-0.\(random.int(0...3))" : "chaos"
        var members = [#""kind":"\#(kind)""#, #""input":\#(self.input)"#]
        if let id = self.naming.id { members.append(#""id":"\#(id)","if_exists":"return""#) }
        if let queue = self.queue {
            members.append(#""queue":"\#(queue)","priority":\#(random.int(-100...100))"#)
            members.append(#""max_attempts":\#(random.int(1...5))"#)
            members.append(#""backoff":{"initial":"\#(random.int(10...150))ms","factor":1.5,"jitter":0.2}"#)
            if random.oneIn(12) { members.append(#""run_after":"\#(random.int(20...500))ms""#) }
            if random.oneIn(30) { members.append(#""pickup_timeout":"\#(random.int(500...3000))ms""#) }
        }
        // A queued process without a lease of its own gets its claim's.
        if self.queue == nil || !random.oneIn(5) { members.append(#""lease":"\#(random.int(1000...2000))ms""#) }
        if random.oneIn(10) { members.append(#""timeout":"\#(random.int(300...3000))ms""#) }
        self.body = "{\(members.joined(separator: ","))}"
    }

    /// The number of the process that an input belongs to.
    static func number(ofInput digest: String) -> Int? {
        guard let start = digest.firstRange(of: #""number":"#)?.upperBound else { return nil }
        return Int(digest[start...].prefix { $0.isNumber })
    }
}
