internal import ProcessCore

extension ProcessRoutes {
    /// How many of the newest processes a reader of all events is shown at first.
    static let newestShown = 100
    /// With how many bytes of payloads what is read for such a reader at once is full; they wait for one who takes long.
    private static let waitingBytes = 256 << 10

    /// `GET /events/{id}`
    func events(of id: ProcessID, _ request: HTTPRequest) async throws(Problem) -> Answer {
        let fields = try Self.shownFields(of: request)
        // What is not there is told by the status, before the stream begins.
        do { try await self.manager.expect(id) } catch { throw Problem(error, effect: .none) }
        let known = EventStream.lastEventID(of: request)
        return EventStream.answer { writer in
            await self.manager.follow(id, knownRevision: known) { change in
                await writer.write(self.event(showing: change, fields, withID: true))
            }
        }
    }

    /// `GET /events`
    func events(_ request: HTTPRequest) async throws(Problem) -> Answer {
        var parameters = try QueryParameters(request.query)
        var filter = try Self.filter(from: &parameters)
        let fields = try ProcessFields.take(from: &parameters)
        try parameters.expectNoMore()
        filter.limit = Self.newestShown
        filter.byteLimit = Self.waitingBytes
        var trial = filter
        trial.limit = 1
        // A store that can't be reached is told by the status, too.
        do { _ = try await self.manager.list(trial) } catch { throw Problem(error, effect: .none) }
        return EventStream.answer { [filter] writer in
            await self.manager.followAll(filter) { changes in
                for change in changes {
                    guard await writer.write(self.event(showing: change, fields, withID: false)) else { return false }
                }
                return true
            }
        }
    }

    /// Not inlined: the task that follows would keep room for the record as long as it lives.
    @inline(never)
    private func event(showing change: FollowedChange, _ fields: ProcessFields, withID: Bool) -> [UInt8] {
        var piece = EventStream()
        var writer = JSONWriter()
        switch change {
        case .changed(let record):
            record.write(to: &writer, policy: self.manager.policy, fields: fields)
            piece.event("process", id: withID ? record.revision : nil, data: writer.finish())
        case .removed(let id):
            writer.beginObject()
            writer.member("process_id", id.text)
            writer.endObject()
            piece.event("removed", data: writer.finish())
        }
        return piece.bytes
    }
}
