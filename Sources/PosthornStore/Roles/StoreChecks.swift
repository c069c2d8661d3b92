/// What can be checked of an outbox, read beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol StoreChecks: AnyObject {
    /// How the schema differs from what this program's migrations make, missing parts first.
    func schemaDifferences() throws(OutboxProblem) -> [SchemaDifference]
    /// Counts deliveries that wait and point to no event, revision or endpoint. Reads all that wait.
    func strayDeliveries() throws(OutboxProblem) -> StrayDeliveries
    /// What the store's own check of all its data says; empty when all is well. Takes long on a large outbox.
    func integrityProblems() throws(OutboxProblem) -> [String]
    /// How credentials are stored. Needs no key.
    func credentialStorage() throws(OutboxProblem) -> CredentialStorage
    /// The version of the database that is in use, such as `3.40.1`.
    func databaseVersion() throws(OutboxProblem) -> String
}
