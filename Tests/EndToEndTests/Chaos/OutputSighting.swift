import ProcessCore

/// What one answer showed of a process's output.
struct OutputSighting: Hashable, Sendable {
    /// One chunk, its data as a ``PayloadDigest``.
    struct Chunk: Hashable, Sendable {
        /// The type of all that workers of a run put out.
        static let partType = "part"

        var index: Int
        var type = Self.partType
        var data: String

        /// Whether it says that another attempt's output follows.
        var isRestart: Bool { self.type == "restart" }
    }

    var chunks: [Chunk]
    /// The index of the last chunk that ever was there.
    var last: Int
}

extension OutputSighting {
    /// Reads a page; `nil` where the text is none.
    init?(_ text: String) {
        guard var page = try? JSONObject(parsing: Array(text.utf8)) else { return nil }
        do {
            guard let elements = try page.takeElements("chunks"), let last = try page.takeInteger("last") else {
                return nil
            }
            self.init(chunks: [], last: Int(last))
            for element in elements {
                var chunk = try element.object()
                guard let index = try chunk.takeInteger("index"), let type = try chunk.takeString("type"),
                    let data = chunk.takeText("data")
                else { return nil }
                self.chunks.append(Chunk(index: Int(index), type: type, data: PayloadDigest.of(data.description)))
            }
        } catch {
            return nil
        }
    }
}

extension OutputSighting: CustomStringConvertible {
    /// What a reader of a history looks for, in one line.
    var description: String {
        let chunks = self.chunks.map { "\($0.index) \($0.type) \($0.data)" }
        return "[\((["last \(self.last)"] + chunks).joined(separator: ", "))]"
    }
}
