import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    func append(_ change: ChangeRecord, share: String, keeping limit: Int64) throws(OutboxProblem) {
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
            tables.changeShares[record.number] = share
            let oldest = change.time.advanced(byMilliseconds: -ChangeRecord.keptMilliseconds)
            let old = tables.changes.prefix(ChangeRecord.forgottenEach).filter { $0.time < oldest }.map(\.number)
            tables.changes.removeAll { old.contains($0.number) }
            let step = ChangeRecord.forgottenEach
            let surplus = tables.changes.count - Int(limit) + step
            guard record.number % Int64(step) == 0, surplus > 0 else { return }
            let shares = tables.changeShares
            let byShare = Dictionary(grouping: tables.changes.map(\.number)) { shares[$0] ?? "" }
            let most = Set((byShare.values.max { $0.count < $1.count } ?? []).prefix(surplus))
            tables.changes.removeAll { most.contains($0.number) }
        }
    }
}

extension MemoryReader {
    func changes(before: Int64?, after: Int64?, limit: Int) throws(OutboxProblem) -> [ChangeRecord] {
        let inside = tables.changes.filter { $0.number < before ?? .max && $0.number > after ?? .min }
        return before == nil && after != nil ? inside.prefix(limit).reversed() : Array(inside.reversed().prefix(limit))
    }
}
