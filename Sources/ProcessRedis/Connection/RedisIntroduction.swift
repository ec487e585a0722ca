internal import ProcessCore

/// The first commands on a connection, one batch before any other: they say who we are, choose the database and ask for the
/// time.
struct RedisIntroduction: Sendable {
    let commands: RedisCommands
    /// What each command is for, as errors call it, as far as its answer counts.
    private let subjects: [String]

    init(_ configuration: RedisConfiguration) {
        var commands = RedisCommands()
        var subjects: [String] = []
        if let password = configuration.password {
            let user = configuration.username.map { [$0] } ?? []
            commands.append("AUTH", user + [password.exposed])
            subjects.append("the password")
        }
        if configuration.database != 0 {
            commands.append("SELECT", [String(configuration.database)])
            subjects.append("database \(configuration.database)")
        }
        commands.append("TIME", [])
        // Refused to some users, and of no use but to who looks at the list of clients: an error is passed over.
        commands.append("CLIENT", ["SETNAME", "process-tracker"])
        self.commands = commands
        self.subjects = subjects
    }

    /// Reads the answers.
    ///
    /// - Parameter reply: The replies to all of the commands.
    /// - Returns: The server's time, in microseconds since 1970.
    /// - Throws: What the server refused.
    func time(in reply: inout RedisReply) throws(ProcessRepositoryError) -> Int64 {
        for subject in self.subjects {
            if let error = reply.error { throw ProcessRepositoryError(redis: error, doing: subject) }
            reply.skip()
        }
        do throws(RedisReply.Surprise) {
            return try reply.time()
        } catch {
            throw ProcessRepositoryError(error, doing: "TIME")
        }
    }
}

extension RedisReply {
    /// Reads the answer to `TIME`.
    ///
    /// - Returns: Microseconds since 1970.
    mutating func time() throws(Surprise) -> Int64 {
        guard try self.array() == 2 else { throw .unexpected("two numbers") }
        let seconds = try self.decimal()
        return seconds &* 1_000_000 &+ (try self.decimal())
    }
}
