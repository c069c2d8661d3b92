#if PostgreSQL
import CPosthornPostgres
package import PosthornStore
import PosthornText

/// Where an outbox is: what libpq takes for a connection, and what people are told of it, which never has a password.
package struct PostgresPlace: Sendable, Hashable {
    /// A URI or a list of words with values, as libpq takes it.
    let connectionString: String
    /// Server and database, for messages.
    package let name: String
    /// Whether there is a password in it.
    package let hasPassword: Bool

    /// Whether a text names an outbox in PostgreSQL, and not a file.
    package static func isMeant(by text: String) -> Bool { text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") }

    /// - Throws: ``OutboxProblem`` when libpq cannot read it. libpq's own message is not passed on, since it may repeat a password.
    package init(_ connectionString: String) throws(OutboxProblem) {
        self.connectionString = connectionString
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(connectionString, &message)
        defer {
            PQconninfoFree(options)
            PQfreemem(message)
        }
        guard let options else {
            throw OutboxProblem(
                .access,
                "the outbox's address cannot be read; write it as postgresql://user@host:port/database, with every character of a "
                    + "password but letters and digits as %xx, or leave the password to PGPASSFILE"
            )
        }
        let values = Self.values(options)
        name = Self.name(values)
        hasPassword = values["password"] != nil
    }

    /// What libpq's list of options has a value for.
    static func values(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        var values: [String: String] = [:]
        var next = options
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            next += 1
        }
        return values
    }

    /// Pure: what of an address is fit to be shown.
    static func name(_ values: [String: String]) -> String {
        let hosts = values["host"] ?? values["hostaddr"] ?? ""
        let isFolder = hosts.hasPrefix("/") || hosts.hasPrefix("@")
        var authority = values["user"].map { "\($0)@" } ?? ""
        if !isFolder { authority += hosts + (values["port"].map { ":\($0)" } ?? "") }
        let folder = isFolder ? "?host=\(hosts)" + (values["port"].map { "&port=\($0)" } ?? "") : ""
        return OneLine.text("postgresql://\(authority)/\(values["dbname"] ?? "")\(folder)", limit: 300)
    }
}
#endif
