import CPosthornSQLite
import Glibc

/// The platform's own connection, as it would have one anyway.
struct Database {
    let handle: OpaquePointer

    /// Opens the file and sets what every connection to an outbox's file needs.
    init(path: String) throws {
        var opened: OpaquePointer?
        guard sqlite3_open(path, &opened) == SQLITE_OK, let opened else { throw DatabaseProblem(text: "cannot open \(path)") }
        handle = opened
        // Wait for other writers instead of failing at once.
        sqlite3_busy_timeout(handle, 10_000)
        try execute("PRAGMA journal_mode = WAL")
        // A commit that has returned survives a power failure.
        try execute("PRAGMA synchronous = FULL")
        // Posthorn alone moves the log into the file: see https://sqlite.org/wal.html#walresetbug
        try execute("PRAGMA wal_autocheckpoint = 0")
    }

    func execute(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw DatabaseProblem(text: String(cString: sqlite3_errmsg(handle)))
        }
    }
}

struct DatabaseProblem: Error, CustomStringConvertible {
    let text: String

    var description: String { text }
}

/// A folder that goes when the example ends.
struct TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/swift-platform-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw DatabaseProblem(text: "mkdtemp: \(String(cString: strerror(errno)))") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func remove() {
        for suffix in ["", "-wal", "-shm", "-engine"] { unlink("\(path)/platform.db\(suffix)") }
        rmdir(path)
    }
}
