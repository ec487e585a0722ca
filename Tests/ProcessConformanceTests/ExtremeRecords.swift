import ProcessCore
import ProcessTestSupport

/// Records that hold every field, each with a value that is easily lost on the way to a store and back.
enum ExtremeRecords {
    /// 128 bytes with every sort of character that an identifier may have.
    static func identifier(_ last: String) -> String {
        let characters = "Az09._:~-"
        return String(String(repeating: characters, count: 15).prefix(128 - last.utf8.count)) + last
    }

    /// Texts of ours that a store may damage: ends of strings, quotes, line breaks, forms that look alike.
    static let texts = [
        "", " ", "\u{0}", "a\u{0}b", "\n\r\t", "\"'`\\%$", "é e\u{301}", "\u{FEFF}bom", "👩‍👩‍👧‍👦", "\u{10FFFF}", "null", "0",
        String(repeating: "ü", count: 512),
    ]

    /// Payloads that must come back byte for byte.
    static let payloads: [JSONText] = [
        "0", "-0", "1.10", "1E+2", "12345678901234567890123", "1e400", "true", "false", #""""#, "[]", "{}",
        #"{"b":1,"a":2,"b":3}"#, #""\u0000""#, #""\ud800""#, #""\udc00\ud83d""#, #""\u00e9é\/""#, "[ 1 ,\t2 ]",
        "{\n  \"a\" : [\n  ]\n}", #""null""#, #""👩‍👩‍👧‍👦""#, "\"\u{7F}\u{80}\u{10FFFF}\"",
    ]

    /// 300 KiB of text with escapes, more than a page, a buffer or a line is likely to hold.
    static let largePayload: JSONText = {
        let unit = #"{"k\u0000":"ü\n","n":1.10},"#
        return JSONText(
            unchecked: Array(("[" + String(repeating: unit, count: 300 * 1024 / unit.utf8.count) + "0]").utf8))
    }()

    static let metadata = ProcessMetadata(
        ["z", "a", "M", "a.b", identifier("k")].enumerated().map { number, key in
            ProcessMetadata.Entry(key: key, value: texts[number * 2 % texts.count])
        })

    /// The first and the last instant that RFC 3339 can write.
    static let earliest = Timestamp(milliseconds: -62_135_596_800_000)
    static let latest = Timestamp(milliseconds: 253_402_300_799_999)

    /// A process with every field that one of its status can have.
    static func record(_ status: ProcessStatus) -> ProcessRecord {
        let isFinished = status.isFinished
        let isRunning = status == .running
        let hasRun = status != .pending
        return ProcessRecord(
            id: ProcessID(trusted: identifier(status.rawValue)), kind: identifier("kind"), status: status,
            revision: 1 << 40,
            progress: hasRun
                ? ProcessProgress(fraction: 1.0 / 3, done: 0.1 + 0.2, total: 1e300, message: "é e\u{301}\u{0}\n") : nil,
            input: #"{"b":1.10,"a":"\u0000\ud800"}"#, result: status == .completed ? #"["\udc00",1E+2]"# : nil,
            failure: status == .completed
                ? nil : ProcessFailure(code: identifier("code"), message: "\"\u{0}", details: #"{"z":[],"a":{}}"#),
            metadata: self.metadata, createdAt: self.earliest, startedAt: hasRun ? .ms(-1) : nil,
            updatedAt: self.latest, finishedAt: isFinished ? self.latest : nil, heartbeatAt: hasRun ? .ms(0) : nil,
            progressAt: hasRun ? .ms(1) : nil, estimatedFinishAt: isRunning ? self.latest - .milliseconds(1) : nil,
            queue: identifier("queue"), priority: isFinished ? 100 : -100, runAfter: .ms(4_102_444_800_001),
            attempt: 1_000_000, maxAttempts: 1_000_001,
            backoff: Backoff(
                initial: .milliseconds(1), factor: 1.000000000000001, max: .longest, jitter: .leastNonzeroMagnitude),
            worker: hasRun ? "host/1~" + identifier("w").prefix(100) : nil, lease: isRunning ? .longest : nil,
            claimedLease: isRunning ? .milliseconds(1) : nil, leaseExpiresAt: isRunning ? self.latest : nil,
            timeout: .milliseconds(1_001), pickupTimeout: .longest, deadline: isFinished ? nil : .ms(4_102_444_800_002),
            retain: isFinished ? .after(.milliseconds(86_400_001)) : .forever, cancelRequested: hasRun,
            cancelReason: hasRun ? "\u{10FFFF}\u{FEFF}" : nil, parentID: ProcessID(trusted: identifier("parent")),
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    }

    /// A process with nothing that it need not have.
    static func bare(_ status: ProcessStatus) -> ProcessRecord {
        ProcessRecord(
            id: ProcessID(trusted: status.rawValue), kind: "k", status: status, revision: 1, createdAt: .ms(0),
            updatedAt: .ms(0), finishedAt: status.isFinished ? .ms(0) : nil,
            queue: status == .pending ? "q" : nil, attempt: 0)
    }
}
