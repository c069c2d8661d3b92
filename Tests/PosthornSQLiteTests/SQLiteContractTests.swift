import CPosthornSQLite
import PosthornModel
import PosthornSQLite
import PosthornStoreContract
import PosthornTestSupport
import Testing

@Suite(.limited()) struct SQLiteContractTests {
    @Test(arguments: StoreContract.rules)
    func keepsTheContract(_ rule: StoreContract.Rule) throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        try rule.check(StoreContract(location: SQLiteLocation(path: path), insert: { try Self.insert($0, path) }))
    }

    /// As a platform does, over a connection of its own.
    private static func insert(_ event: Event, _ path: String) throws {
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        try #require(sqlite3_open(path, &handle) == SQLITE_OK)
        sqlite3_exec(handle, "BEGIN IMMEDIATE", nil, nil, nil)
        // What is not committed goes with the connection.
        try TransactionalEmit.insert(event, into: try #require(handle), ofOutbox: path)
        try #require(sqlite3_exec(handle, "COMMIT", nil, nil, nil) == SQLITE_OK)
    }
}
