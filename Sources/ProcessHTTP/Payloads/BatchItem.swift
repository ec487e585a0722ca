internal import ProcessCore

/// One item of a batch: a verb, and the fields that its own path takes in body, path, header and query.
enum BatchItem {
    case start(StartRequest, ProcessManager.IdempotencyKey?)
    case change(ProcessID, ChangeRequest, verb: String)

    /// The verbs, as an error names them.
    private static let verbs = "start, progress, complete, fail, cancel"

    /// Reads an item.
    ///
    /// - Parameter value: An element of `items`.
    /// - Throws: `JSONFieldError` for the first field that is not as it should be.
    init(_ value: JSONValue) throws(JSONFieldError) {
        var item = try value.object()
        let members = item.takeRemaining()
        guard members.count == 1 else { throw value.error("must have one member, which is one of \(Self.verbs)") }
        let (verb, body) = members[0]
        let kind: ChangeRequest.Kind?
        switch verb {
        case "start": kind = nil
        case "progress": kind = .progress
        case "complete": kind = .complete
        case "fail": kind = .fail
        case "cancel": kind = .cancel(force: false)
        default: throw value.error("must have one member, which is one of \(Self.verbs)")
        }
        var fields = try body.object()
        if let kind {
            self = try Self.change(kind, verb, taking: &fields)
        } else {
            let key = try fields.takeIdentifier("idempotency_key")
            let start = try StartRequest(taking: &fields, traceparent: nil)
            // The whole item tells it from another: the key is a part of what is sent again.
            let fingerprint = body.text().withUnsafeBytes { BodyFingerprint(Array($0)) }
            self = .start(start, key.map { .init(key: $0, fingerprint: fingerprint.text) })
        }
        try fields.expectNoMore()
    }

    private static func change(
        _ kind: ChangeRequest.Kind, _ verb: String, taking fields: inout JSONObject
    ) throws(JSONFieldError) -> BatchItem {
        let id = try fields.takeIdentifier("id")
        var kind = kind
        if case .cancel = kind { kind = .cancel(force: try fields.takeBool("force") ?? false) }
        let request = try ChangeRequest(kind, taking: &fields)
        guard let id else { throw fields.missing("id", "is required: name the process") }
        return .change(ProcessID(trusted: id), request, verb: verb)
    }

    /// Where a field of the item stands in the body. The parameters and header fields of the verb's own path are fields here.
    ///
    /// - Parameters:
    ///   - field: The field as the verb's own path names it.
    ///   - place: Which of the items it is, from 0.
    /// - Returns: The path from the top of the body: `items[3].start.id`.
    func path(of field: String, at place: Int) -> String {
        let verb =
            switch self {
            case .start: "start"
            case .change(_, _, let verb): verb
            }
        return "items[\(place)].\(verb).\(field == "Idempotency-Key" ? "idempotency_key" : field)"
    }

    /// What the item depends on: items that share one of these are done in their order.
    var subjects: [String] {
        switch self {
        case .change(let id, _, _): ["i\(id.text)"]
        case .start(let request, let key):
            [
                request.start.id.map { "i\($0.text)" }, request.start.parentID.map { "i\($0.text)" },
                key.map { "k\($0.key)" },
            ]
            .compactMap { $0 }
        }
    }
}

/// The items of a batch in rows: each row is done in its order, and the rows at the same time.
struct BatchRows {
    /// The places of the items, each in one row, rising within it.
    private(set) var rows: [[Int]]

    /// Puts items that share a subject into one row.
    ///
    /// - Parameter subjects: What each item depends on; items without any stand alone.
    init(_ subjects: [[String]]) {
        // Every item leads to an earlier one of its row, the first to itself.
        var leads = Array(subjects.indices)
        func first(_ place: Int) -> Int {
            var place = place
            while leads[place] != place {
                leads[place] = leads[leads[place]]
                place = leads[place]
            }
            return place
        }
        var owners: [String: Int] = [:]
        for (place, names) in subjects.enumerated() {
            for name in names {
                if let owner = owners[name] {
                    let ends = [first(owner), first(place)].sorted()
                    leads[ends[1]] = ends[0]
                } else {
                    owners[name] = place
                }
            }
        }
        var rows: [Int: [Int]] = [:]
        for place in subjects.indices { rows[first(place), default: []].append(place) }
        self.rows = rows.sorted { $0.key < $1.key }.map(\.value)
    }
}
