import Posthorn
import PosthornStore
import PosthornText
#if PostgreSQL
import PosthornPostgres
#endif

/// An outbox that is no file but in a database server's care: `--db postgresql://user@host/database`.
enum DatabaseServer {
    /// Whether the value of `--db` names a server.
    static func isMeant(by name: String) -> Bool { name.hasPrefix("postgresql://") || name.hasPrefix("postgres://") }

    /// What people are told of it, which never has a password.
    static func name(_ address: String) -> String {
        #if PostgreSQL
        return (try? PostgresPlace(address).name) ?? "of --db"
        #else
        return "of --db"
        #endif
    }

    /// Opens it.
    /// - Parameters:
    ///   - address: The value of `--db`.
    ///   - creating: Whether the tables are made where there are none.
    static func open(
        _ address: String,
        creating: Bool,
        key: OutboxKey?,
        replacing formerKey: OutboxKey? = nil
    ) throws -> Outbox {
        #if PostgreSQL
        try refuseShownPassword(address, words: CommandLine.arguments)
        return try Outbox(postgreSQL: address, creating: creating, key: key, replacing: formerKey)
        #else
        throw notBuilt
        #endif
    }

    /// One end of `migrate-store`.
    static func copy(_ address: String, now: Timestamp) throws -> any StoreCopy {
        #if PostgreSQL
        try refuseShownPassword(address, words: CommandLine.arguments)
        return try PostgresCopy(address, now: now)
        #else
        throw notBuilt
        #endif
    }

    #if !PostgreSQL
    private static var notBuilt: OutboxProblem {
        OutboxProblem(
            .access,
            "this posthorn was built without PostgreSQL; build it with swift build --traits PostgreSQL (it needs libpq-dev), or name a file "
                + "with --db"
        )
    }
    #endif

    #if PostgreSQL
    /// Everybody on the machine can read the words of a running command.
    static func refuseShownPassword(_ address: String, words: [String]) throws(OutboxProblem) {
        guard words.contains(where: { $0.hasSuffix(address) }), try PostgresPlace(address).hasPassword else { return }
        throw OutboxProblem(
            .access,
            "the address on the command line has a password in it, which everybody on this machine can read while the command runs; put the "
                + "password into the file that PGPASSFILE names, or the address of --db into POSTHORN_DB"
        )
    }
    #endif

    /// Refuses what can be done to a file alone.
    static func refuse(_ name: String, _ command: String, instead: String) throws(OutboxProblem) {
        if isMeant(by: name) {
            throw OutboxProblem(.access, "posthorn \(command) works on an outbox in a file; for one in PostgreSQL \(instead)")
        }
    }
}
