#if PostgreSQL
package import PosthornStore
package import PosthornText

/// An outbox in a database.
package struct PostgresLocation: StoreLocation {
    private let place: PostgresPlace
    private let creating: Bool

    /// - Parameters:
    ///   - address: What libpq takes for a connection, such as `postgresql://user@host/database`.
    ///   - creating: Whether the tables are made where there are none.
    package init(_ address: String, creating: Bool = true) throws(OutboxProblem) {
        place = try PostgresPlace(address)
        self.creating = creating
    }

    /// Server and database, without a password.
    package var name: String { place.name }

    /// Connects and brings the schema up to date.
    package func open(
        sealing: (any CredentialSealing)?,
        at now: Timestamp
    ) throws(OutboxProblem) -> sending any OutboxStore {
        try PostgresStore(place, sealing: sealing, creating: creating, now: now)
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
