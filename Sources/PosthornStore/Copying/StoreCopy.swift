/// One end of `migrate-store`: an outbox whose rows are read or written in the form that all stores share. Used by one thread; what it has
/// locked is free again when it goes.
package protocol StoreCopy: AnyObject {
    /// What people are told of it, which never has a password.
    var name: String { get }
    /// What it is like.
    func condition() throws(OutboxProblem) -> CopyCondition
    /// Keeps all engines, all of Posthorn's programs and all inserts out, for good. The second time it does nothing.
    /// - Throws: ``OutboxProblem`` of code `busy` while an engine or another program uses it.
    func seal(_ gate: CopyGate) throws(OutboxProblem)
    /// Takes that back.
    func unseal() throws(OutboxProblem)
    /// Makes the tables where there are none, and keeps everybody out until ``finish(_:settings:)``.
    func prepare(_ gate: CopyGate) throws(OutboxProblem)
    /// Rows behind a key, in the keys' order: so many, or fewer where they are large.
    func rows(of table: CopiedTable, after key: [CopiedValue]?, limit: Int) throws(OutboxProblem) -> [[CopiedValue]]
    /// The greatest key; `nil` of an empty table.
    func lastKey(of table: CopiedTable) throws(OutboxProblem) -> [CopiedValue]?
    /// Adds rows in one transaction, on disk when it returns.
    func add(_ rows: [[CopiedValue]], to table: CopiedTable) throws(OutboxProblem)
    /// The values of ``CopiedTable/settings``, in their order.
    func settings() throws(OutboxProblem) -> [CopiedValue]
    /// Counts what was copied, notes it in the list of changes, and opens the outbox to everybody, in one transaction.
    func finish(_ change: CopiedChange, settings: [CopiedValue]) throws(OutboxProblem)
}
