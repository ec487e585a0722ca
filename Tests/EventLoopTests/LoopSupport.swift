import EventLoop

/// Runs a test on a loop of its own, which has ended afterwards.
func withEventLoop<Result: Sendable>(
    _ body: @Sendable (EventLoop) async throws -> Result
) async throws -> Result {
    let loop = try EventLoop(name: "test-loop")
    do {
        let result = try await body(loop)
        await loop.shutdown()
        return result
    } catch {
        await loop.shutdown()
        throw error
    }
}
