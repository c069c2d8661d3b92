import PosthornStore
import Synchronization

/// Keeps the newest ``TopologyView``. All is read once, at a start; afterwards what has changed is, by the first who asks after a change.
final class TopologyCache: Sendable {
    private let newest = Mutex<TopologyView?>(nil)
    /// Held by the one who brings it up to date; others wait for the result rather than read the same.
    private let turn = Mutex<Void>(())

    /// The newest that was read; `nil` before the first.
    var kept: TopologyView? { newest.withLock { $0 } }

    /// The hierarchy as it is now. Readings that began before a change may get it as it is after that.
    func view(_ reader: any OutboxReader) throws(OutboxProblem) -> TopologyView {
        let generation = try reader.topologyGeneration()
        if let known = known(generation) { return known }
        return try turn.withLock { (_) throws(OutboxProblem) in
            if let known = known(generation) { return known }
            let fresh = try newer(than: kept, reader)
            newest.withLock { $0 = fresh }
            return fresh
        }
    }

    private func known(_ generation: Int64) -> TopologyView? {
        kept.flatMap { $0.generation >= generation ? $0 : nil }
    }

    private func newer(than known: TopologyView?, _ reader: any OutboxReader) throws(OutboxProblem) -> TopologyView {
        if let known, let changes = try reader.topologyChanges(since: known.generation, withCredentials: false),
            let followed = known.following(changes)
        {
            return followed
        }
        return try TopologyView(try reader.topology(withCredentials: false, withRemoved: false))
    }
}

extension Outbox {
    /// Reads the hierarchy, so that no list waits for it.
    package func loadTopology() throws { _ = try read { try topologies.view($0) } }
}
