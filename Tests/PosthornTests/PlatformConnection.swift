import CSQLite
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
}
