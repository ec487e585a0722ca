/// What is counted of one operation: numbers that are the same on a busy machine and on an idle one.
enum OperationCount: String, CaseIterable {
    /// Messages to Redis, each of which is waited for.
    case roundTrips = "round-trips"
    /// Commands in them, and those that scripts run on the server.
    case commands, commandsInScripts = "commands-in-scripts"
    /// SQL statements.
    case statements
    /// Waits until the disk has it.
    case syncs
    /// Memory asked for, by this program and the libraries it uses.
    case allocations

    /// Those that mean something of a store.
    static func kinds(of backend: StoreKind) -> [OperationCount] {
        switch backend {
        case .memory: [.allocations]
        case .sqlite: [.statements, .syncs, .allocations]
        case .redis: [.roundTrips, .commands, .commandsInScripts, .allocations]
        }
    }

    /// How far a number may be from another and still be the same: only allocations are made by others than us, and by
    /// threads whose turns are not always the same.
    func tolerance(of number: Int) -> Int {
        self == .allocations ? max(2, number / 50) : 0
    }
}
