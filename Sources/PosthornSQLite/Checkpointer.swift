import PosthornStore
import Glibc

/// Copies committed pages from the write-ahead log into the database file.
///
/// SQLite up to 3.51.2 can lose committed pages when a checkpoint overlaps a commit that restarts the log
/// (https://sqlite.org/wal.html#walresetbug). So automatic checkpoints are off everywhere, the engine alone makes them,
/// and it holds the write lock while it does: the store's own connection opens a write transaction, in which nobody can
/// commit, and a second connection makes the checkpoint meanwhile. A FULL checkpoint would take that lock itself, but it
/// falls back to running without it when the lock is not to be had, and it waits for long readers with the lock held;
/// this way does neither.
final class Checkpointer {
    private let connection: SQLiteConnection
    private var second: SQLiteConnection?
    private var framesAfterLast = 0
    private var bytesAfterLast = 0

    /// Frames that the log may grow by between two checkpoints. Small and often keeps the pause short.
    static let intervalFrames = 1000

    /// Bytes in the log that could not be copied at the last checkpoint, because a reader still needs the older pages.
    private(set) var bytesHeldBack = 0

    init(_ connection: SQLiteConnection) { self.connection = connection }

    /// Makes a checkpoint when the log has grown enough since the last one.
    func runIfDue(_ store: SQLiteStore) throws(OutboxProblem) {
        let frames = connection.walFrames
        // The log starts again after a complete checkpoint, so a smaller number means that it did.
        if frames < framesAfterLast { framesAfterLast = 0 }
        // Frames are counted at this connection's commits alone; what others have written shows in the file's size.
        let bytes = logBytes()
        guard frames - framesAfterLast >= Self.intervalFrames || bytes - bytesAfterLast >= Self.intervalFrames * 4096 else { return }
        try run()
        framesAfterLast = frames
        bytesAfterLast = logBytes()
    }

    /// The log's size, which shrinks when it is closed alone: a log that starts again is written over from its start.
    private func logBytes() -> Int {
        var info = stat()
        return stat(connection.realPath + "-wal", &info) == 0 ? Int(info.st_size) : 0
    }

    /// Makes a checkpoint now.
    func run() throws(OutboxProblem) {
        let helper: SQLiteConnection
        if let second {
            helper = second
        } else {
            helper = try SQLiteConnection(
                path: connection.realPath,
                creating: false,
                busyTimeoutMilliseconds: connection.busyTimeoutMilliseconds
            )
            try SQLiteStore.configure(helper)
            second = helper
        }
        try connection.statement("BEGIN IMMEDIATE").run()
        defer { try? connection.statement("ROLLBACK").run() }
        let progress = try helper.passiveCheckpoint()
        let frames = max(0, progress.logFrames - progress.checkpointedFrames)
        bytesHeldBack = frames == 0 ? 0 : frames * Int(try connection.integer("PRAGMA page_size") ?? 0)
    }
}
