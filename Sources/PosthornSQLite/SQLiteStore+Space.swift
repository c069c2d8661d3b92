package import PosthornStore

/// Pages that nothing is stored in. A file that Posthorn has made can be cut at its end, page by page; another one, such as a
/// platform's, keeps them for what is stored next (https://sqlite.org/pragma.html#pragma_incremental_vacuum).
extension SQLiteStore {
    /// Free pages that stay for what is stored next: a tenth of the file, and 4 MiB at least.
    static func pagesToGiveBack(free: Int64, total: Int64) -> Int64 { max(0, free - max(1024, total / 10)) }

    /// Cuts free pages off the file.
    package func giveBackSpace(limit: Int) throws(OutboxProblem) -> Int {
        let incremental: Int64 = 2
        guard try connection.integer("PRAGMA auto_vacuum") == incremental else { return 0 }
        let free = try connection.integer("PRAGMA freelist_count") ?? 0
        let count = min(Self.pagesToGiveBack(free: free, total: try connection.integer("PRAGMA page_count") ?? 0), Int64(limit))
        if count == 0 { return 0 }
        try connection.execute("PRAGMA incremental_vacuum(\(count))")
        return Int(free - (try connection.integer("PRAGMA freelist_count") ?? 0))
    }

    /// Has a new file keep what is needed to cut it later. It must be said before there is any page.
    static func prepareSpace(_ connection: SQLiteConnection) throws(OutboxProblem) {
        if try connection.integer("PRAGMA page_count") == 0 { try connection.execute("PRAGMA auto_vacuum = INCREMENTAL") }
    }
}
