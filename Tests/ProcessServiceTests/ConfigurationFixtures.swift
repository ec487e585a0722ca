import ProcessCore
import ProcessRedis
import ProcessSQLite
import ProcessStorage
import Testing

@testable import ProcessService

/// Reads a configuration from pieces, on a machine of four cores.
func configuration(
    file: String? = nil, _ environment: [String: String] = [:], arguments: [String] = []
) throws(ConfigurationError) -> ServiceConfiguration {
    var rest = arguments
    let flags = try ConfigurationFlags(takingFrom: &rest)
    return try ServiceConfiguration(
        ConfigurationInput(
            file: file.map { ConfigurationFile(name: "pt.conf", text: $0) }, environment: environment, flags: flags,
            processorCount: 4))
}

/// The line of the error that pieces lead to; nil where they are a configuration after all.
func configurationError(
    file: String? = nil, _ environment: [String: String] = [:], arguments: [String] = []
) -> String? {
    do throws(ConfigurationError) {
        _ = try configuration(file: file, environment, arguments: arguments)
        return nil
    } catch {
        return "\(error)"
    }
}

extension ServiceConfiguration {
    /// Redis and its fallback, where Redis is the repository.
    var redis: (configuration: RedisConfiguration, fallback: RepositoryFallback)? {
        guard case .redis(let configuration, let fallback) = self.repository else { return nil }
        return (configuration, fallback)
    }

    /// One row of the report.
    func entry(_ key: String) -> ConfigurationReport.Entry? { self.report.entries.first { $0.key == key } }
}

/// How Redis would be reached with such an environment.
func redisConfiguration(_ environment: [String: String]) throws -> RedisConfiguration {
    let merged = environment.merging(["TRACKER_REPOSITORY": "redis"]) { $1 }
    return try #require(try configuration(merged).redis).configuration
}
