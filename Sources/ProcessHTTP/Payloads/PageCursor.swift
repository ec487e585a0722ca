internal import ProcessCore

/// The place where a list goes on, as text that means nothing to its reader: eight bytes of time and an id.
enum PageCursor {
    /// Writes a place as text.
    static func text(_ cursor: ProcessQuery.Cursor) -> String {
        var bytes: [UInt8] = []
        bytes.append(number: cursor.createdAt.milliseconds)
        return Base64URL.text(bytes + cursor.id.text.utf8)
    }

    /// Reads a text that `text(_:)` wrote; the answer is nil where it is any other.
    static func cursor(_ text: String) -> ProcessQuery.Cursor? {
        guard text.utf8.count <= 200, var bytes = Base64URL.bytes(text)?[...], let milliseconds = bytes.takeNumber(),
            let id = String(validating: bytes, as: UTF8.self).flatMap({ ProcessID($0) })
        else { return nil }
        return ProcessQuery.Cursor(createdAt: Timestamp(milliseconds: milliseconds), id: id)
    }
}
