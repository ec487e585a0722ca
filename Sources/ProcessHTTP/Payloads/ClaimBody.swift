internal import ProcessCore

/// The body of a claim.
struct ClaimBody {
    /// What was asked for.
    let request: ClaimRequest

    /// The most queues that a claim may name.
    static let maximumQueueCount = 100
    /// The most processes that a claim may ask for.
    static let maximumLimit: Int64 = 1000

    /// Takes every field of the table in the contract, and leaves the rest.
    ///
    /// - Parameter fields: The object they are members of.
    /// - Throws: `JSONFieldError` for the first field that is not as it should be.
    init(taking fields: inout JSONObject) throws(JSONFieldError) {
        let worker = try fields.takeIdentifier("worker", allowsSlash: true)
        let limit = Int(try fields.takeInteger("limit", in: 1...Self.maximumLimit) ?? 1)
        let lease = try fields.takeDuration("lease") ?? ProcessClaim.standardLease
        guard let value = fields.takePresent("queues") else {
            throw fields.missing("queues", "is required: name the queues to claim from")
        }
        let elements = try value.elements()
        guard (1...Self.maximumQueueCount).contains(elements.count) else {
            throw value.error("must name 1 to \(Self.maximumQueueCount) queues")
        }
        var queues: [String] = []
        for element in elements {
            let queue = try element.identifier()
            // Naming a queue twice means nothing else than naming it once.
            if !queues.contains(queue) { queues.append(queue) }
        }
        self.request = ClaimRequest(
            queues: queues, limit: limit, claim: ProcessClaim(worker: worker, lease: lease))
    }
}
