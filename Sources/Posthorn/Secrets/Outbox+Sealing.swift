import PosthornModel
package import PosthornStore
import PosthornSystem

extension Outbox {
    /// Seals the credentials and fixed headers of all endpoints again, those of removed ones too, with this outbox's key: all of
    /// them in one transaction, or none. So a key is changed on purpose: open the outbox with the new one, `replacing` the old,
    /// and call this.
    ///
    /// No engine may run meanwhile, since it would go on with the old key; none can start before this is done.
    /// - Returns: How many endpoints there were.
    /// - Throws: `OutboxProblem` of code `busy` while an engine runs, of code `key` when something opens with neither key.
    package func sealAnew() throws(OutboxProblem) -> Int {
        let isOurs = try writer.perform { (store) throws(OutboxProblem) in try store.join(alone: true) }
        guard isOurs else {
            throw OutboxProblem(
                .busy,
                "an engine delivers from \(path) with the key that it was started with",
                remedy: .restartWithNewKey
            )
        }
        defer { _ = try? writer.perform { (store) throws(OutboxProblem) in store.leave() } }
        do throws(OutboxProblem) {
            return try writer.perform { [clock] (store) throws(OutboxProblem) in try store.sealAnew(at: clock.now()).count }
        } catch {
            if error.code != .key { throw error }
            throw OutboxProblem(.key, error.message, remedy: .giveFormerKey)
        }
    }

    /// How the credentials of endpoints are stored, and whether this outbox was opened with a key.
    package func credentialStorage() throws -> (storage: CredentialStorage, hasKey: Bool) {
        (try read { try $0.credentialStorage() }, sealing != nil)
    }
}
