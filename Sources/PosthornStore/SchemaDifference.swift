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
