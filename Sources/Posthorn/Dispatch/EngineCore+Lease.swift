import PosthornStore

// Several engines may share a store; each delivers the endpoints of the shards that it has leased.
extension EngineCore {
    /// Asks which shards this engine delivers, and follows what has changed.
    func followLease(_ store: any ShardLeases) throws(OutboxProblem) {
        let lease = try store.lease()
        let (endsAt, recalled) = (dispatch.leases.lease.endsAt, dispatch.leases.lease.recalled)
        // Last of all: what waits in the pool of shards that are another's by now must be gone before anything may start again.
        defer { if lease.endsAt != endsAt { pool.mayStart(until: lease.endsAt) } }
        guard let change = dispatch.leases.update(lease) else { return }
        let stopped = change.lost.union(change.recalled)
        let keys = stopped.isEmpty ? [] : directory.entries.map(\.stored.key).filter(stopped.containsEndpoint)
        if !keys.isEmpty { pool.recall(keys: Set(keys)) }
        if !change.lost.isEmpty { abandon(change.lost) }
        let taken = change.lost.subtracting(recalled)
        if !taken.isEmpty { listeners.tell(.shardsLost(count: taken.count)) }
        if lease.shards.isEmpty { held.forgetAll() }
        tell(.endpoints(directory, dispatch.leases))
        if !limits.isEmpty { limits.follow(isOwn: dispatch.leases.mayStart) }
        for duty in duties { duty.shardsChanged(change) }
        throttles.shardsChanged(change) { [directory] in directory.entry(at: $0).map(\.stored.key) }
        // What was passed by as another engine's.
        if !change.gained.isEmpty { dispatch.startOver(dispatch.queueGeneration) }
    }

    /// Another engine may send what is under way of these shards: each delivery keeps its place in memory until its request has
    /// ended, so that it is not sent twice from here if its shard comes back.
    private func abandon(_ lost: ShardSet) {
        for (delivery, claim) in dispatch.claims.all where lost.containsEndpoint(directory[claim.endpoint].stored.key) {
            dispatch.abandoned[delivery] = ()
            // After a failover another event may have its number.
            _ = dispatch.events.removeValue(forKey: claim.event)
        }
    }

    /// Lets go of results that are another engine's to record.
    func dropAbandonedResults() {
        for batch in recording.indices {
            let dropped = recording[batch].map(\.job.id).filter { dispatch.abandoned[$0] != nil }
            if dropped.isEmpty { continue }
            recording[batch].removeAll { dispatch.abandoned[$0.job.id] != nil }
            dropped.forEach(putBack)
        }
    }

    /// Shards that are asked back and of which nothing is under way any more.
    var quietShards: ShardSet {
        let recalled = dispatch.leases.lease.recalled
        if recalled.isEmpty { return .none }
        let busy = directory.entries.map(\.stored.key).filter { directory.index(ofEndpoint: $0).map(holds) ?? false }
        return recalled.subtracting(ShardSet(busy.map(ShardSet.shard)))
    }
}
