internal import ProcessCore
internal import ProcessSQLite

/// `check`: looks through an SQLite file.
enum CheckCommand {
    /// Looks through a file, which may take its time.
    ///
    /// - Parameter path: The file.
    /// - Returns: What is wrong with it; nothing where it is whole.
    /// - Throws: `CommandError` where it can't be looked through.
    static func run(_ path: String) async throws(CommandError) -> [String] {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Findings, Never>) in
            do throws(CommandError) {
                try BlockingThread.start { continuation.resume(returning: Self.look(path)) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    private typealias Findings = Result<[String], CommandError>

    private static func look(_ path: String) -> Findings {
        do throws(ProcessRepositoryError) {
            return .success(try SQLiteProcessRepository.check(path: path))
        } catch {
            return .failure(.failed(DisplayText.escaping(error.message)))
        }
    }
}
