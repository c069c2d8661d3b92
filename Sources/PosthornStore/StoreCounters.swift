/// How much was asked of a store.
public struct StoreCounters: Sendable, Hashable {
    /// Steps of statements.
    public var statements: Int
    /// Transactions that were committed.
    public var commits: Int
    /// How often a server was waited for; 0 of a store in this process.
    public var roundTrips: Int

    package init(statements: Int, commits: Int, roundTrips: Int = 0) {
        self.statements = statements
        self.commits = commits
        self.roundTrips = roundTrips
    }
}
