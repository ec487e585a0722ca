import Synchronization
import Testing

/// The programs that a test started, so that a failure can show what they said.
final class StartedPrograms: Sendable {
    @TaskLocal static var current: StartedPrograms?

    private let programs = Mutex<[(name: String, errors: OutputReader)]>([])

    func add(_ name: String, _ errors: OutputReader) {
        self.programs.withLock { $0.append((name, errors)) }
    }

    /// The end of what each said to standard error.
    var report: String {
        self.programs.withLock { programs in
            programs.map { "\($0.name) said:\n\($0.errors.text.suffix(3000))" }.joined(separator: "\n")
        }
    }
}

/// Gives each test a list of its own of the programs it starts.
struct StartedProgramsTrait: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await StartedPrograms.$current.withValue(StartedPrograms()) { try await function() }
    }
}

extension Trait where Self == StartedProgramsTrait {
    /// Remembers the programs that a test starts.
    static var remembersPrograms: Self { StartedProgramsTrait() }
}

extension Trait where Self == IssueHandlingTrait {
    /// Adds to each failure what the test's programs said to standard error.
    static var showsStandardError: Self {
        .compactMapIssues { issue in
            guard issue.severity == .error, let report = StartedPrograms.current?.report, !report.isEmpty,
                !issue.comments.contains(where: { $0.rawValue == report })  // suite and test both ask
            else { return issue }
            var issue = issue
            issue.comments.append(Comment(rawValue: report))
            return issue
        }
    }
}

/// What all suites that start the built program have in common.
@Suite(.remembersPrograms, .showsStandardError, .timeLimit(.minutes(ChaosSettings.isLong ? 5 : 2)))
enum BuiltProgram {}
