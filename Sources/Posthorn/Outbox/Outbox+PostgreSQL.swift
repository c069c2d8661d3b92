#if PostgreSQL
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
}
#endif
