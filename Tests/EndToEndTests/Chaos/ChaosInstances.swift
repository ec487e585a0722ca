import Glibc
import HTTPTransport
import Synchronization

/// The instances of the program that a chaos run asks, each of which may be killed and started again at any time.
final class ChaosInstances: Sendable {
    /// Starts an instance with more in its environment.
    typealias Start = @Sendable (_ more: [String: String]) async throws -> TrackerProgram

    private let programs: Mutex<[TrackerProgram]>
    private let start: Start
    let count: Int

    init(_ count: Int, _ start: @escaping Start) async throws {
        var programs: [TrackerProgram] = []
        for _ in 0..<count { programs.append(try await start([:])) }
        self.programs = Mutex(programs)
        self.start = start
        self.count = count
    }

    /// One of them; numbers beyond the last begin with the first again.
    func program(_ index: Int) -> TrackerProgram {
        self.programs.withLock { $0[index % $0.count] }
    }

    func address(_ index: Int) -> HostPort { self.program(index).address }

    /// Stops an instance for a while, as a machine does that has other things to do.
    func pause(_ index: Int, for duration: Duration) async {
        let program = self.program(index)
        program.signal(SIGSTOP)
        try? await Task.sleep(for: duration)
        program.signal(SIGCONT)
    }

    /// Kills an instance, and starts it again at the same address; at another one where somebody else has taken it.
    func crash(_ index: Int) async throws {
        let killed = self.program(index)
        await killed.end(by: SIGKILL)
        let again: TrackerProgram
        do {
            again = try await self.start(["TRACKER_LISTEN": killed.address.description])
        } catch {
            again = try await self.start([:])
        }
        self.programs.withLock { $0[index % $0.count] = again }
    }
}
