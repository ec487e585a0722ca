internal import ProcessCore

extension StoreWriter {
    /// Takes processes out of the store and leaves a tombstone in the place of each.
    struct Burial {
        private let writer: StoreWriter
        private let deletion: SQLiteStatement
        private let largeInputDeletion: SQLiteStatement
        private let streamParting: SQLiteStatement
        private let earlier: SQLiteStatement
        private let tombstone: SQLiteStatement

        /// What has to be known of a process, as it stands in its row.
        struct Row {
            let row: Int64
            let status: String
            let kind: String
            let queue: String?
            let hasLargeInput: Bool
        }

        init(_ writer: StoreWriter) throws(SQLiteError) {
            self.writer = writer
            let reader = writer.reader
            self.deletion = try reader.statement("DELETE FROM processes WHERE row = ?1")
            self.largeInputDeletion = try reader.statement("DELETE FROM large_inputs WHERE row = ?1")
            // What it put out is left to be removed bit by bit: there may be a great deal.
            self.streamParting = try reader.statement(
                "UPDATE streams SET process = NULL, unfinished_at = \(StoreWriter.longAgo) WHERE process = ?1")
            self.earlier = try reader.statement("SELECT 1 FROM tombstones WHERE id = ?1")
            self.tombstone = try reader.statement(
                """
                INSERT INTO tombstones VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE
                SET status = excluded.status, removed_at = excluded.removed_at, expires_at = excluded.expires_at
                """)
        }

        /// Takes out one process.
        ///
        /// - Parameters:
        ///   - row: Its row.
        ///   - id: Its id.
        ///   - status: The status of the tombstone.
        ///   - now: The store's time.
        ///   - expiry: When the tombstone is forgotten, in milliseconds.
        /// - Throws: What SQLite says.
        func bury(
            _ row: Row, _ id: ProcessID, as status: String, at now: Timestamp, expiresAt expiry: Int64
        ) throws(SQLiteError) {
            self.deletion.bind(row.row, at: 1)
            try self.deletion.run()
            if row.hasLargeInput {
                self.largeInputDeletion.bind(row.row, at: 1)
                try self.largeInputDeletion.run()
            }
            self.streamParting.bind(row.row, at: 1)
            try self.streamParting.run()
            self.writer.countChanges.add(-1, status: row.status, kind: row.kind, queue: row.queue)

            self.earlier.bind(id.text, at: 1)
            if try self.earlier.step() { self.earlier.reset() } else { self.writer.countChanges.add(1, .tombstones) }
            self.tombstone.bind(id.text, at: 1)
            self.tombstone.bind(status, at: 2)
            self.tombstone.bind(now.milliseconds, at: 3)
            self.tombstone.bind(expiry, at: 4)
            try self.tombstone.run()
        }
    }
}
