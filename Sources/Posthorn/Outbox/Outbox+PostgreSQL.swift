#if PostgreSQL
import PosthornModel
import PosthornPostgres
import PosthornStore
public import PosthornSystem

// What only an outbox in a PostgreSQL database has.
extension Outbox {
    /// Opens an outbox in a PostgreSQL database, and makes its tables or brings them up to date. Needs a build with the trait `PostgreSQL`.
    ///
    /// - Parameters:
    ///   - address: What libpq takes for a connection, such as `postgresql://user@host/database`. A password is better left to the file
    ///     that `PGPASSFILE` names. ``path`` is this address without it.
    ///   - creating: Whether the tables are made where there are none.
    ///   - key: Seals the credentials of endpoints; `nil` to store them in the clear.
    ///   - formerKey: Another key that may open them, while `key` takes its place; see ``reseal()``.
    ///   - clock: Where the time comes from.
    ///   - random: Where made ids come from.
    /// - Throws: A problem of the store when the server cannot be reached, refuses the user, or has another schema.
    public convenience init(
        postgreSQL address: String,
        creating: Bool = true,
        key: OutboxKey? = nil,
        replacing formerKey: OutboxKey? = nil,
        clock: any PosthornClock = SystemClock(),
        random: any RandomSource = SystemRandom()
    ) throws(OutboxError) {
        do {
            let location = try PostgresLocation(address, creating: creating)
            try self.init(at: location, key: key, replacing: formerKey, clock: clock, random: random)
        } catch { throw .of(error) }
    }

    /// Puts an event into a transaction of the platform's own, over the platform's own connection. Needs a build with the trait `PostgreSQL`.
    ///
    /// The event exists once that transaction commits; a running engine notices within milliseconds. What is wrong with an event is
    /// refused as `emit(_:)` refuses it, and leaves the transaction as it was before. The role needs no more rights than to insert
    /// events.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - connection: The `PGconn *` of a connection to the outbox's database with an open transaction, not in pipeline mode. It is used, and
    ///     waited for, on the calling thread.
    /// - Returns: The event's id.
    /// - Throws: A problem of code `connection` when the connection is not such a one.
    public func emit(_ event: NewEvent, inPostgreSQLTransactionOf connection: OpaquePointer) throws(OutboxError) -> String {
        try emit(event) { (checked) throws(TransactionalEmitFailure) in try PostgresTransactionalEmit.insert(checked, into: connection) }
    }
}
#endif
