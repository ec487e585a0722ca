/// The tables of a store, as a list of steps each of which leads from one version to the next.
///
/// A step that was released never changes: a new version is a new step.
struct SQLiteSchema: Sendable {
    /// Stands in the header of every file of ours, so that no other file is taken for one: "prtk".
    static let applicationID: Int64 = 0x7072_746B

    /// What leads to version 1, 2, 3…; each step is one transaction.
    let migrations: [String]
    /// The names of everything that a file of the newest version holds.
    let objects: Set<String>

    /// The newest version that this program knows.
    var version: Int64 { Int64(self.migrations.count) }

    /// The schema of this program.
    static let current = SQLiteSchema(
        migrations: [Self.version1, Self.version2, Self.version3, Self.version4],
        objects: [
            "processes", "large_inputs", "counts", "tombstones", "idempotency_keys",
            "processes_by_status", "processes_by_kind", "processes_by_queue", "processes_claimable",
            "processes_delayed", "processes_leases", "processes_deadlines", "processes_finished",
            "processes_finished_retained", "processes_expiring", "processes_children",
            "tombstones_by_age", "tombstones_by_expiry", "idempotency_keys_by_expiry",
            "streams", "stream_chunks", "streams_by_age", "moving", "idempotency_keys_by_process",
        ])

    /// The status in the tombstone of a process that was moved to another store.
    static let movedStatus = "moved"

    /// Times and durations are whole milliseconds; payloads, metadata and back-off are JSON text, byte for byte.
    ///
    /// Every index costs each insert a page, so an index that concerns few processes is partial. There is none over all
    /// processes in the order of a list: such a list is merged from those of the five statuses.
    private static let version1 = """
        CREATE TABLE processes (
        \(Self.processColumns)
        ) STRICT;

        CREATE TABLE large_inputs (
            row INTEGER PRIMARY KEY,
            input TEXT NOT NULL
        ) STRICT;

        CREATE INDEX processes_by_status ON processes (status, created_at, id);
        CREATE INDEX processes_by_kind ON processes (kind, created_at, id);
        CREATE INDEX processes_by_queue ON processes (queue, created_at, id) WHERE queue IS NOT NULL;
        CREATE INDEX processes_claimable ON processes (queue, priority DESC, created_at, id)
            WHERE status = 'pending' AND is_delayed = 0;
        CREATE INDEX processes_delayed ON processes (queue, run_after)
            WHERE status = 'pending' AND is_delayed = 1;
        CREATE INDEX processes_leases ON processes (lease_expires_at) WHERE lease_expires_at IS NOT NULL;
        CREATE INDEX processes_deadlines ON processes (deadline) WHERE deadline IS NOT NULL;
        CREATE INDEX processes_finished ON processes (finished_at, id)
            WHERE finished_at IS NOT NULL AND retain IS NULL;
        CREATE INDEX processes_finished_retained ON processes (finished_at, id)
            WHERE finished_at IS NOT NULL AND retain IS NOT NULL;
        CREATE INDEX processes_expiring ON processes (expires_at, id) WHERE expires_at IS NOT NULL;
        CREATE INDEX processes_children ON processes (parent_id, status, created_at, id) WHERE parent_id IS NOT NULL;

        CREATE TABLE tombstones (
            id TEXT PRIMARY KEY,
            status TEXT NOT NULL,
            removed_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tombstones_by_age ON tombstones (removed_at);
        CREATE INDEX tombstones_by_expiry ON tombstones (expires_at);

        CREATE TABLE idempotency_keys (
            key TEXT PRIMARY KEY,
            fingerprint TEXT NOT NULL,
            process_id TEXT NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

        -- How many there are, by sort ('status', 'kind', 'queue' for the pending ones of a queue, 'tombstones') and name.
        -- The writer keeps them, once a transaction: triggers made an insert half as dear again.
        CREATE TABLE counts (
            sort TEXT NOT NULL,
            name TEXT NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (sort, name)
        ) STRICT, WITHOUT ROWID;
        """

    /// The columns of a process, as version 1 and version 3 have them.
    private static let processColumns = """
        row INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        revision INTEGER NOT NULL,
        queue TEXT,
        priority INTEGER NOT NULL,
        -- Whether it still waits for run_after; claims pass over it until one of them finds that its time has come.
        is_delayed INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        started_at INTEGER,
        finished_at INTEGER,
        heartbeat_at INTEGER,
        progress_at INTEGER,
        estimated_finish_at INTEGER,
        run_after INTEGER,
        lease_expires_at INTEGER,
        deadline INTEGER,
        -- finished_at + retain, where both are there.
        expires_at INTEGER,
        attempt INTEGER NOT NULL,
        max_attempts INTEGER NOT NULL,
        backoff TEXT,
        worker TEXT,
        lease_ms INTEGER,
        claimed_lease_ms INTEGER,
        timeout_ms INTEGER,
        pickup_timeout_ms INTEGER,
        -- Milliseconds, or 'forever'.
        retain ANY,
        cancel_requested INTEGER NOT NULL,
        cancel_reason TEXT,
        parent_id TEXT,
        traceparent TEXT,
        has_progress INTEGER NOT NULL,
        progress_fraction REAL,
        progress_done REAL,
        progress_total REAL,
        progress_message TEXT,
        error_code TEXT,
        error_message TEXT,
        error_details TEXT,
        metadata TEXT,
        result TEXT,
        -- Whether the input is in large_inputs, so that a heartbeat need not write it again.
        has_large_input INTEGER NOT NULL,
        input TEXT
        """

    /// What processes put out. The process of a stream may also be one of `moving`, and is the negative of its row there.
    private static let version2 = """
        CREATE TABLE streams (
            stream INTEGER PRIMARY KEY,
            -- The row of the process; NULL once that is gone, until the chunks are gone too.
            process INTEGER UNIQUE,
            last INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            -- A time at which the process had not ended, or had just ended; NULL where no chunks are left.
            unfinished_at INTEGER
        ) STRICT;
        CREATE INDEX streams_by_age ON streams (unfinished_at) WHERE unfinished_at IS NOT NULL;

        CREATE TABLE stream_chunks (
            stream INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            type TEXT NOT NULL,
            data TEXT NOT NULL,
            PRIMARY KEY (stream, idx)
        ) STRICT, WITHOUT ROWID;
        """

    /// Processes on their way to another store, which nobody but the move sees; the inputs of all of them stand in the row.
    private static let version3 = "CREATE TABLE moving (\(Self.processColumns)) STRICT"

    /// Keys by their process, with which they move.
    private static let version4 = "CREATE INDEX idempotency_keys_by_process ON idempotency_keys (process_id)"
}
