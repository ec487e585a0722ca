/// Does something in a task of its own and waits for it, for a task that lives long and waits most of the time.
///
/// A task keeps the room of its deepest call until it ends, and the calls down to a store, with their copies of records, are
/// deep. This room goes with the task that made them. A function of its own, called by the long task, gives back nothing.
///
/// What the work found should be used in it, too: many such tasks that end at once would all hold it until those who wait
/// come to their turn.
///
/// - Parameter work: What to do; cancelled with the task that waits for it.
/// - Returns: What the work returns.
func apart<Answer: Sendable>(_ work: @escaping @Sendable () async -> Answer) async -> Answer {
    async let answer = work()
    return await answer
}
