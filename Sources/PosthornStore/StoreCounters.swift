/// How much was asked of a store.
public struct StoreCounters: Sendable, Hashable {
    /// Steps of statements.
    public var statements: Int
    /// Transactions that were committed.
    public var commits: Int

    package init(statements: Int, commits: Int) {
        self.statements = statements
        self.commits = commits
    }
}
