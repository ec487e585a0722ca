import ProcessTestSupport

/// All random choices of a chaos run, each derived from the seed and from what it is about.
///
/// Who asks first makes no difference, so a seed gives the same choices however the run's tasks are scheduled.
struct ChaosPlan: Sendable {
    /// Something that goes wrong once so many processes have been seen to end.
    struct Disturbance: Sendable {
        enum Kind: Hashable, Sendable {
            /// An instance is killed, and started again.
            case killInstance(Int)
            /// An instance is stopped in the middle of whatever it does, and goes on after a while.
            case pauseInstance(Int, Duration)
            /// Connections to Redis are cut: those for commands, or those that hear of changes.
            case cutConnections(type: String)
            /// Redis is stopped for longer than an instance waits for it, and then does what it was asked to all the same.
            case pauseRedis(Duration)
            /// A worker that is a program of its own is killed, and started again.
            case killWorker(Int)
        }

        let after: Int
        let kind: Kind
    }

    /// How a worker claims.
    struct Claim: Sendable {
        let queues: [String]
        let limit: Int
        let instance: Int
        /// Whether the worker dies before it reads the answer.
        let isCut: Bool
        let waits: Bool
    }

    let seed: UInt64
    /// How many processes are started.
    let count: Int

    static let queues = ["q0", "q1", "q2", "q3"]
    /// The queue of the workers that are programs of their own.
    static let handlerQueue = "handlers"
    static let handlerWorkerCount = 2

    enum Subject: UInt64 {
        case process = 1
        case attempt
        case claim
        case disturbance
        case life
        case output
    }

    /// The choices that belong to one subject.
    func generator(_ subject: Subject, _ first: Int, _ second: Int = 0) -> SeededGenerator {
        var seed = self.seed
        for word in [subject.rawValue, UInt64(first), UInt64(second)] {
            // One step of the generator between the words: added up, (1, 2) and (2, 1) would be the same.
            var mixer = SeededGenerator(seed: seed ^ word)
            seed = mixer.next()
        }
        return SeededGenerator(seed: seed)
    }

    /// What goes wrong in this run, the first first.
    func disturbances(instances: Int, hasRedis: Bool) -> [Disturbance] {
        var random = self.generator(.disturbance, 0)
        var kinds: [Disturbance.Kind] = []
        let rounds = 2 + self.count / 600
        for round in 0..<rounds {
            kinds += [.killInstance(round % instances), .killWorker(round % Self.handlerWorkerCount)]
            kinds.append(.pauseInstance(random.int(0...1), .milliseconds(random.int(200...2500))))
            if hasRedis {
                kinds += [.cutConnections(type: "normal"), .cutConnections(type: random.pick(["normal", "pubsub"]))]
                kinds.append(.pauseRedis(.milliseconds(random.int(1200...2500))))
            }
        }
        kinds.shuffle(using: &random)
        let span = self.count * 9 / 10
        return kinds.indices.map { index in
            // One in each of as many stretches, so that they don't all come at once.
            let stretch = (index * span / kinds.count)...((index + 1) * span / kinds.count)
            return Disturbance(after: random.int(stretch), kind: kinds[index])
        }
    }

    /// The `number`th claim of a worker.
    func claim(worker: Int, number: Int) -> Claim {
        var random = self.generator(.claim, worker, number)
        var queues = Self.queues.filter { _ in !random.oneIn(3) }
        if queues.isEmpty { queues = [random.pick(Self.queues)] }
        return Claim(
            queues: queues, limit: random.int(1...3), instance: random.int(0...1), isCut: random.oneIn(40),
            waits: !random.oneIn(4))
    }
}
