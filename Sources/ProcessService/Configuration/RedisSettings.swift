import ProcessCore
import ProcessRedis

/// How to reach Redis, put together from `REDIS_URL` and the single keys.
///
/// The single keys say what the URL leaves open. Where both say something, the one from the higher source holds; where two
/// from the same source differ, that is a contradiction and an error.
struct RedisSettings {
    let configuration: RedisConfiguration

    private let urlSays: [(key: String, value: String)]
    private let maskedURL: String?

    init(_ values: ConfigurationValues, _ assignments: ConfigurationAssignments) throws(ConfigurationError) {
        let url = values.redisURL
        var merge = Merge(assignments: assignments)
        let host = try merge.pick("REDIS_HOST", url?.host, values.redisHost, shown: \.text) ?? .name("localhost")
        let port = try merge.pick("REDIS_PORT", url?.port, values.redisPort) { "\($0)" }
        let database = try merge.pick("REDIS_DB", url?.database, values.redisDatabase) { "\($0)" }
        let username = try merge.pick("REDIS_USERNAME", url?.username, values.redisUsername) { $0 }
        let password = try merge.pick("REDIS_PASSWORD", url?.password, values.redisPassword) { "\($0)" }
        if username != nil && password == nil {
            let key = merge.urlSays.contains { $0.key == "REDIS_USERNAME" } ? "REDIS_URL" : "REDIS_USERNAME"
            throw merge.error(key, "names a user without a password; set REDIS_PASSWORD too")
        }
        let endpoint: RedisEndpoint
        switch host {
        case .name(let name): endpoint = .tcp(host: name, port: port ?? 6379)
        case .socket(let path):
            let hostKey = merge.urlSays.contains { $0.key == "REDIS_HOST" } ? "REDIS_URL" : "REDIS_HOST"
            if values.redisPort != nil,
                assignments.source(of: "REDIS_PORT").rank >= max(1, assignments.source(of: hostKey).rank)
            {
                throw merge.error("REDIS_PORT", "contradicts \(hostKey): a Unix socket has no port")
            }
            endpoint = .unixSocket(path: path)
            merge.urlSays.append(("REDIS_PORT", ""))
        }
        self.configuration = RedisConfiguration(
            endpoint: endpoint, username: username, password: password, database: database ?? 0,
            socketTimeout: values.redisSocketTimeout, keyPrefix: values.redisKeyPrefix,
            maxConnections: values.redisMaxConnections)
        self.urlSays = merge.urlSays
        self.maskedURL = url?.masked
    }

    /// Shows what the URL decided under the key that is about it, and the URL without its password.
    func show(in report: inout ConfigurationReport) {
        for (key, value) in self.urlSays { report.set(key, to: value, because: "REDIS_URL") }
        if let maskedURL { report.set("REDIS_URL", to: maskedURL) }
    }

    /// Decides between the URL and a single key.
    private struct Merge {
        let assignments: ConfigurationAssignments
        var urlSays: [(key: String, value: String)] = []

        mutating func pick<Value: Equatable>(
            _ key: String, _ fromURL: Value?, _ single: Value?, shown: (Value) -> String
        ) throws(ConfigurationError) -> Value? {
            guard let fromURL else { return single }
            let (urlRank, rank) = (self.assignments.source(of: "REDIS_URL").rank, self.assignments.source(of: key).rank)
            if single != nil && single != fromURL {
                if rank > urlRank { return single }
                if rank == urlRank { throw self.error(key, "contradicts REDIS_URL; one of the two has to go") }
            }
            self.urlSays.append((key, shown(fromURL)))
            return fromURL
        }

        func error(_ key: String, _ reason: String) -> ConfigurationError {
            ConfigurationError(ServiceSettings.setting(key), from: self.assignments.source(of: key), reason)
        }
    }
}
