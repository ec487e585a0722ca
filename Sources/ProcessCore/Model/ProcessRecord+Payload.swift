extension ProcessRecord {
    /// How many bytes its `input` takes; what ``ClaimRequest/byteLimit`` counts.
    public var inputBytes: Int { self.input?.count ?? 0 }

    /// How many bytes its payloads take: `input`, `result` and the failure's `details`; what
    /// ``ProcessQuery/byteLimit`` counts.
    public var payloadBytes: Int {
        self.inputBytes + (self.result?.count ?? 0) + (self.failure?.details?.count ?? 0)
    }
}
