internal import ProcessCore
internal import ProcessService

/// `serve`: runs the service.
enum ServeCommand {
    /// Serves until a signal ends it.
    ///
    /// - Parameters:
    ///   - configuration: All that the service has to know.
    ///   - console: Where the line goes that says it is ready.
    /// - Returns: The exit code.
    static func run(_ configuration: ServiceConfiguration, _ console: Console) async -> Int32 {
        let logger = Logger(handler: configuration.logFormat.makeHandler(), level: configuration.logLevel)
        do throws(Application.StartError) {
            // Whoever closed our output does not want the line, and may want the service.
            try await Service(configuration, logger: logger).run { line in try? console.print(line + "\n") }
            return 0
        } catch {
            console.warn(error.description)
            return CommandError.Code.failed.rawValue
        }
    }
}
