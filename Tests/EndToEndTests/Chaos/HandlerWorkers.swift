import Glibc
import ProcessTestSupport
import Synchronization

/// `process-tracker work` with a shell script: workers that are real programs, for being killed.
///
/// Their requests are their own, so the script writes down what it was given to work on.
final class HandlerWorkers: Sendable {
    private let folder: String
    private let instances: ChaosInstances
    private let programs: Mutex<[ChildProgram?]>
    private let starts = Atomic(0)

    init(in folder: String, _ instances: ChaosInstances) throws {
        self.folder = folder
        self.instances = instances
        self.programs = Mutex(Array(repeating: nil, count: ChaosPlan.handlerWorkerCount))
        // The kind ends with how long it works.
        let script = """
            #!/bin/sh
            echo "$PROCESS_ID $PROCESS_ATTEMPT $$" >>'\(folder)/handled'
            sleep "${PROCESS_KIND##*-}"
            printf '{"id":"%s","attempt":%s}' "$PROCESS_ID" "$PROCESS_ATTEMPT"

            """
        try TestFiles.write(Array(script.utf8), to: self.script)
        chmod(self.script, 0o755)
        for index in 0..<ChaosPlan.handlerWorkerCount { try self.start(index) }
    }

    private var script: String { "\(self.folder)/handler" }

    /// Kills a worker in the middle of whatever it does, and starts another one in its place.
    func crash(_ index: Int) async throws {
        await self.kill(index)
        try self.start(index)
    }

    /// Kills all of them.
    func stop() async {
        for index in 0..<ChaosPlan.handlerWorkerCount { await self.kill(index) }
    }

    private func kill(_ index: Int) async {
        let program = self.programs.withLock { $0[index].take() }
        program?.signal(SIGKILL)
        if let program { _ = await onThread { program.waitForEnd() } }
    }

    private func start(_ index: Int) throws {
        let number = self.starts.wrappingAdd(1, ordering: .relaxed).oldValue
        let program = try TrackerProgram.start([
            "work", "--queue", ChaosPlan.handlerQueue, "--concurrency", "2", "--lease", "2s", "--worker",
            "handler-\(number)", "--url", self.instances.program(index).url, "--quiet", "--", self.script,
        ])
        self.programs.withLock { $0[index] = program }
    }

    /// What the handlers wrote down, as operations that may have happened at any time of the run.
    func operations(until end: Duration) throws -> [ChaosOperation] {
        guard access("\(self.folder)/handled", F_OK) == 0 else { return [] }
        let lines = String(decoding: try TestFiles.read("\(self.folder)/handled"), as: UTF8.self).split(separator: "\n")
        return lines.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 3, let number = Int(words[1]) else { return nil }
            let attempt = ChaosOperation.Attempt(id: words[0], number: number, worker: "handler \(words[2])")
            let result = PayloadDigest.of(#"{"id":"\#(attempt.id)","attempt":\#(number)}"#)
            return ChaosOperation(
                actor: "handler", request: .handle(attempt, result: result), begin: .zero, end: end,
                answer: .lost("it reports by itself"))
        }
    }
}
