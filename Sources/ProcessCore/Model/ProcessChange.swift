/// What somebody asks to happen to a process that exists.
public enum ProcessChange: Hashable, Sendable {
    /// Its worker is alive, and may say how far it is; renews the lease.
    case progress(ProgressReport)
    /// Its worker has finished, with a result.
    case complete(result: JSONText?)
    /// Its worker could not do it; `mayRetry: false` says that another attempt is of no use.
    case fail(ProcessFailure, mayRetry: Bool)
    /// Its worker has stopped because it was asked to.
    case confirmCancelled
    /// Somebody wants it to end; `force` does not wait for the worker.
    case cancel(reason: String?, force: Bool)
    /// Somebody wants a failed or cancelled one to be tried again.
    case retry
    /// Somebody says how long it is kept; `nil` is as long as the service keeps what says nothing.
    case retain(Retention?)
    /// A worker takes it from its queue.
    case claim(ProcessClaim)
    /// Time has passed: a lease, a run or a wait may be over.
    case expire

    /// Whether this is a report of a worker, which must name its attempt once the process was claimed.
    public var isReport: Bool {
        switch self {
        case .progress, .complete, .fail, .confirmCancelled: true
        case .cancel, .retry, .retain, .claim, .expire: false
        }
    }
}

/// What a worker brings when it claims: the change that a store applies by itself, handed to it as data.
public struct ProcessClaim: Hashable, Sendable {
    /// Who claims.
    public var worker: String?
    /// The longest silence for processes that name none of their own.
    public var lease: Duration

    /// What holds where neither the process nor the claim names a lease.
    public static let standardLease = Duration.seconds(60)

    /// Takes who claims, and for how long.
    public init(worker: String? = nil, lease: Duration = Self.standardLease) {
        self.worker = worker
        self.lease = lease
    }
}
