import CPosthornSQLite
import Testing

/// A connection of the platform's own.
final class PlatformConnection {
    let handle: OpaquePointer

    init(_ path: String) throws {
        var pointer: OpaquePointer?
        #expect(sqlite3_open(path, &pointer) == SQLITE_OK)
        handle = try #require(pointer)
        sqlite3_busy_timeout(handle, 5000)
        try execute("PRAGMA wal_autocheckpoint = 0")
    }

    deinit { sqlite3_close(handle) }

    func execute(_ sql: String) throws {
        let status = sqlite3_exec(handle, sql, nil, nil, nil)
        try #require(status == SQLITE_OK, "\(String(cString: sqlite3_errmsg(handle)))")
    }

    /// The whole number that a query gives.
    func integer(_ sql: String) throws -> Int {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        try #require(sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, "\(String(cString: sqlite3_errmsg(handle)))")
        try #require(sqlite3_step(statement) == SQLITE_ROW)
        return Int(sqlite3_column_int64(statement, 0))
    }
}
