/// Transactions of a store, and word of those that others have made. Part of ``OutboxStore``, under the same rules.
public protocol StoreTransactions: AnyObject {
    /// A signal for commits by others; `nil` for a store in which no other program writes.
    func makeChangeSignal() -> (any ChangeSignal)?
    /// Runs `body` in one durable transaction: all of it or nothing.
    func write<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result
    /// Runs `body` inside a transaction so that its changes can be undone alone when it throws.
    func undoable<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result
    /// Looks at the outbox between two transactions, as an engine does again and again. Generations, arrivals and shards may meanwhile all be
    /// of the moment at which ``commitsByOthers()`` was asked.
    func turn<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result
    /// A number that changes whenever another program has committed.
    func commitsByOthers() throws(OutboxProblem) -> Int64
    /// How much was asked of the store so far, for benchmarks and metrics.
    var counters: StoreCounters { get }
}

extension StoreTransactions {
    /// Where a question costs next to nothing, each is answered by itself.
    public func turn<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result { try body() }
}
