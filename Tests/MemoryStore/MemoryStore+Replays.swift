import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    func insert(_ replay: Replay) throws(OutboxProblem) -> Replay {
        try update { (tables) throws(OutboxProblem) in
            var replay = replay
            replay.number = tables.nextNumber(of: .replay)
            replay.through = (replay.selection.recipients == .original ? tables.deliveries.last?.id : tables.events.last?.seq) ?? 0
            tables.replays.append(replay)
            let over = tables.replays.filter { $0.state != .running }
            let most = Dictionary(grouping: over, by: \.share).values.max { ($0.count, $1[0].number) < ($1.count, $0[0].number) } ?? []
            let forgotten = Set(most.prefix(max(0, over.count - Replay.keptLimit)).map(\.number))
            tables.replays.removeAll { forgotten.contains($0.number) }
            return replay
        }
    }

    func update(_ replay: Replay) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.replays.firstIndex(where: { $0.number == replay.number }) else { return }
            tables.replays[place] = replay
        }
    }

    func replay(_ number: Int64) throws(OutboxProblem) -> Replay? { tables.replays.first { $0.number == number } }

    func runningReplays() throws(OutboxProblem) -> [Replay] { tables.replays.filter { $0.state == .running } }

    func addDeliveries(ofEvent seq: Int64, to recipients: [Recipient], at now: Timestamp) throws(OutboxProblem) -> [Int64] {
        try update { (tables) throws(OutboxProblem) in
            if tables.arrivals.contains(seq) || tables.event(seq)?.event.hasData != true { return [] }
            let has = Set(tables.deliveries.filter { $0.event == seq }.compactMap { tables.revision($0.revision)?.endpoint })
            let missing = recipients.filter { !has.contains($0.endpoint) }
            tables.add(missing, of: seq, at: now)
            return tables.deliveries.suffix(missing.count).map(\.id)
        }
    }
}

extension MemoryReader {
    func replay(_ number: Int64) throws(OutboxProblem) -> Replay? { tables.replays.first { $0.number == number } }

    func runningReplays() throws(OutboxProblem) -> [Replay] { tables.replays.filter { $0.state == .running } }

    func visitReplays(before: Int64?, after: Int64?, _ visit: (Replay) -> Bool) throws(OutboxProblem) {
        let inside = tables.replays.filter { $0.number < before ?? .max && $0.number > after ?? .min }
        for replay in after == nil ? inside.reversed() : inside where !visit(replay) { return }
    }
}
