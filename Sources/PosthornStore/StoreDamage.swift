/// A table, an index or a trigger of Posthorn's that is not as this program's migrations make it.
public struct SchemaDifference: Sendable, Equatable {
    /// What is wrong with it.
    public enum Kind: String, Sendable { case missing, changed, unknown }

    /// What is wrong.
    public let kind: Kind
    /// `table`, `index`, `trigger` or `view`.
    public let type: String
    /// Its name.
    public let name: String
    /// The statement that makes it; `nil` of one that Posthorn does not know.
    public let sql: String?

    package init(kind: Kind, type: String, name: String, sql: String?) {
        self.kind = kind
        self.type = type
        self.name = name
        self.sql = sql
    }
}

/// Deliveries that wait for ever, since what they point to is not there.
public struct StrayDeliveries: Sendable, Equatable {
    /// How many there are.
    public let count: Int64
    /// The first one's number.
    public let first: Int64?

    package init(count: Int64, first: Int64?) {
        self.count = count
        self.first = first
    }
}
