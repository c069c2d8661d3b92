#if PostgreSQL
package import PosthornStore
package import PosthornText

/// An outbox in a database.
package struct PostgresLocation: StoreLocation {
    private let place: PostgresPlace

    /// - Parameter address: What libpq takes for a connection, such as `postgresql://user@host/database`.
    package init(_ address: String) throws(OutboxProblem) { place = try PostgresPlace(address) }

    /// Server and database, without a password.
    package var name: String { place.name }

    /// Connects and brings the schema up to date.
    package func open(
        sealing: (any CredentialSealing)?,
        at now: Timestamp
    ) throws(OutboxProblem) -> sending any OutboxStore {
        try PostgresStore(place, sealing: sealing, now: now)
    }

    /// Sessions of their own.
    package func makeReaders(
        sealing: (any CredentialSealing)?,
        now: @escaping @Sendable () -> Timestamp
    ) -> any OutboxReaders {
        PostgresReaders { [place] () throws(OutboxProblem) in
            try PostgresStore(place, sealing: sealing, isReader: true, now: now())
        }
    }
}
#endif
