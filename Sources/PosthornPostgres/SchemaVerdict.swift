#if PostgreSQL
import PosthornModel
import PosthornStore
import Synchronization

/// The result of the last look at the schema: a newer program may have changed it beside an engine, which no further try would mend.
final class SchemaVerdict: Sendable {
    private let refusal = Mutex<OutboxProblem?>(nil)

    /// Why this program cannot go on with the outbox, if the last look has found that.
    var problem: OutboxProblem? { refusal.withLock { $0 } }

    /// Does what looks at the schema, and notes what it says. Tables that are missing or strange are not final: a backup may be on its way
    /// back at this moment.
    func noting<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        do throws(OutboxProblem) {
            let result = try body()
            refusal.withLock { $0 = nil }
            return result
        } catch {
            refusal.withLock { $0 = error.remedy == .runNewer ? error : nil }
            throw error
        }
    }
}
#endif
