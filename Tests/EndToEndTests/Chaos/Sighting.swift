import ProcessCore

/// What one answer showed of a process.
struct Sighting: Hashable, Sendable {
    /// What even a refusal tells of a process.
    struct Outline: Hashable, Sendable {
        var status: ProcessStatus
        var revision: Int
        var attempt: Int
    }

    var id: String
    var status: ProcessStatus
    var revision: Int
    var attempt = 0
    var maxAttempts = 1
    var queue: String?
    var worker: String?
    var lease: Duration?
    var cancelRequested = false
    /// The message of its progress.
    var message: String?
    var input = ""
    var result: String?
    var errorCode: String?
    var errorDetails: String?
    /// What tells this text of the process from any other.
    var text: UInt64 = 0

    var outline: Outline { Outline(status: self.status, revision: self.revision, attempt: self.attempt) }
}

extension Sighting: CustomStringConvertible {
    /// What a reader of a history looks for, in one line.
    var description: String {
        var words = ["\(self.id) \(self.outline) of \(self.maxAttempts)"]
        let more = [
            ("in", self.queue), ("by", self.worker), ("lease", self.lease.map { "\($0.milliseconds)ms" }),
            ("message", self.message), ("result", self.result), ("error", self.errorCode),
            ("details", self.errorDetails), ("input", self.input),
        ]
        for case (let name, let value?) in more { words.append("\(name) \(value)") }
        if self.cancelRequested { words.append("cancel requested") }
        return "[\(words.joined(separator: ", "))]"
    }
}

extension Sighting.Outline: CustomStringConvertible {
    var description: String { "\(self.status) revision \(self.revision) attempt \(self.attempt)" }
}

extension Sighting {
    /// Reads a process as an answer shows it; `nil` where the text is no process.
    init?(_ text: String) {
        guard var object = try? JSONObject(parsing: Array(text.utf8)) else { return nil }
        do {
            guard let id = try object.takeString("process_id"),
                let status = try object.takeString("status").flatMap({ ProcessStatus(rawValue: $0) }),
                let revision = try object.takeInteger("revision")
            else { return nil }
            self.init(id: id, status: status, revision: Int(revision))
            self.attempt = Int(try object.takeInteger("attempt") ?? 0)
            self.maxAttempts = Int(try object.takeInteger("max_attempts") ?? 0)
            self.queue = try object.takeString("queue")
            self.worker = try object.takeString("worker")
            self.lease = try object.takeDuration("lease")
            self.cancelRequested = try object.takeBool("cancel_requested") ?? false
            var progress = try object.takeObject("progress")
            self.message = try progress?.takeString("message")
            self.input = object.takeText("input").map { PayloadDigest.of($0.description) } ?? ""
            self.result = object.takePresent("result").map { PayloadDigest.of($0.text().description) }
            var error = try object.takeObject("error")
            self.errorCode = try error?.takeString("code")
            self.errorDetails = error?.takePresent("details").map { PayloadDigest.of($0.text().description) }
        } catch {
            return nil
        }
        self.text = PayloadDigest.hash(text)
    }
}

extension Sighting.Outline {
    /// Reads what a problem document tells of the process; `nil` where it tells nothing.
    init?(problem text: String) {
        guard var object = try? JSONObject(parsing: Array(text.utf8)),
            let status = (try? object.takeString("process_status")).flatMap({ ProcessStatus(rawValue: $0) }),
            let revision = try? object.takeInteger("revision"), let attempt = try? object.takeInteger("attempt")
        else { return nil }
        self.init(status: status, revision: Int(revision), attempt: Int(attempt))
    }
}

/// A payload as a history keeps it: short enough to be kept by the ten thousand, and different for each text.
enum PayloadDigest {
    /// The text itself where it is short, else its beginning and what tells it from others.
    static func of(_ text: String) -> String {
        let count = text.utf8.count
        guard count > 64 else { return text }
        return "\(text.prefix(48))…#\(count):\(String(Self.hash(text), radix: 16))"
    }

    /// FNV-1a of the text's bytes.
    static func hash(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}
