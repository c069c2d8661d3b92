import CPosthornSQLite

/// The SQLite that is loaded, and the schema that this program makes with it.
package enum SQLiteVersion {
    /// Such as `3.40.1`.
    package static var library: String { String(cString: sqlite3_libversion()) }
    /// The number of the newest migration.
    package static var schema: Int { Migrator().migrations.count }
}
