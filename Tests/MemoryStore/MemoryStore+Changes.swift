import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    func append(_ change: ChangeRecord) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            tables.lastChange += 1
            let record = ChangeRecord(
                number: tables.lastChange,
                time: change.time,
                actor: change.actor,
                action: change.action,
                subject: change.subject,
                node: change.node
            )
            tables.changes.append(record)
            let oldest = change.time.advanced(byMilliseconds: -ChangeRecord.keptMilliseconds)
            let first = tables.lastChange - ChangeRecord.keptLimit
            let old = tables.changes.prefix(ChangeRecord.forgottenEach).filter { $0.time < oldest || $0.number <= first }.map(\.number)
            tables.changes.removeAll { old.contains($0.number) }
        }
    }
}

extension MemoryReader {
    func changes(before: Int64?, after: Int64?, limit: Int) throws(OutboxProblem) -> [ChangeRecord] {
        let inside = tables.changes.filter { $0.number < before ?? .max && $0.number > after ?? .min }
        return before == nil && after != nil ? inside.prefix(limit).reversed() : Array(inside.reversed().prefix(limit))
    }
}
