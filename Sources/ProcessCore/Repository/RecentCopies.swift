import Synchronization

/// Running processes as this instance knew them last, so that the next report on one need not read it first.
///
/// A report is refused by what the store says, never by what is here, so nothing here is ever wrong, only late: it costs
/// the reading that it was to save. What has ended is dropped, since no report is to come; so is, beyond a bound, what was
/// kept first.
package final class RecentCopies: Sendable {
    private struct Kept {
        var places: [ProcessID: (record: ProcessRecord, place: Int)] = [:]
        /// Who stands at each place, the next one to be given up at `next`; may be gone, or stand elsewhere by now.
        var ring: [ProcessID?] = Array(repeating: nil, count: RecentCopies.capacity)
        var next = 0
    }

    /// About 3 MiB with ordinary processes; 40 where each has the longest payload, labels and messages.
    package static let capacity = 4096
    /// The payloads, in bytes, of a process worth keeping.
    package static let longestPayload = 2048

    private let kept = Mutex(Kept())

    /// Nothing is kept at first.
    package init() {}

    /// The process as it was kept last.
    package subscript(id: ProcessID) -> ProcessRecord? {
        self.kept.withLock { $0.places[id]?.record }
    }

    /// Keeps a process if more reports may come for it, else drops what was kept.
    package func keep(_ record: ProcessRecord) {
        let isWorthIt = record.status == .running && record.payloadBytes <= Self.longestPayload
        self.kept.withLock { kept in
            guard isWorthIt else {
                kept.places[record.id] = nil
                return
            }
            if let place = kept.places[record.id]?.place {
                kept.places[record.id] = (record, place)
                return
            }
            if let first = kept.ring[kept.next], kept.places[first]?.place == kept.next { kept.places[first] = nil }
            kept.ring[kept.next] = record.id
            kept.places[record.id] = (record, kept.next)
            kept.next = (kept.next + 1) % Self.capacity
        }
    }
}
