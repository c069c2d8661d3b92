import Glibc
import PosthornTestSupport
import Testing

/// A platform's program in another language that inserts events in transactions of its own until it is killed, and says
/// which are committed.
final class SQLInserter {
    private static let python = "/usr/bin/python3"
    private static let program = """
        import sqlite3, sys
        db = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("PRAGMA synchronous = FULL")
        for n in range(40):
            id = "r%s-s%d" % (sys.argv[2], n)
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO posthorn_outbox (id, type, node, data) VALUES (?, 'MEETING_STARTED', 's', ?)",
                       (id, '{"id": "%s"}' % id))
            db.execute("COMMIT")
            print(id, flush=True)
        sys.stdin.read()
        """
    private let posthorn: PosthornProcess
    private let process: PosthornProcess.Running
    private let output: String

    /// Starts it; `nil` where there is no Python.
    init?(_ posthorn: PosthornProcess, _ round: Int) throws {
        guard access(Self.python, X_OK) == 0 else { return nil }
        self.posthorn = posthorn
        output = posthorn.write("", to: "inserted")
        process = try posthorn.start(
            [posthorn.write(Self.program, to: "insert.py"), posthorn.database, "\(round)"],
            [posthorn.write("", to: "no-input"), output, posthorn.write("", to: "insert-errors")],
            binary: Self.python
        )
    }

    func kill() { process.send(SIGKILL) }

    /// What it said was committed. A last line that was cut off counts for nothing.
    func acknowledged() -> [String] {
        _ = process.wait()
        let text = posthorn.contents(output)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}
