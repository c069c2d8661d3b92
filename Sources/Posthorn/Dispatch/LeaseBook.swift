import PosthornStore

/// Which shards of endpoints this engine delivers, as its store grants them from moment to moment. It decides alone.
struct LeaseBook {
    private(set) var lease = ShardLease.none
    private var startable = ShardSet.none
    /// Whether deliveries of every endpoint may be started, as always where one engine has the outbox.
    private(set) var holdsAll = false

    /// What is new about a lease.
    struct Change: Equatable {
        /// Shards of which deliveries may be started from now on.
        var gained: ShardSet
        /// Shards that another engine may have: what is under way of theirs is not recorded.
        var lost: ShardSet
        /// Shards that are asked back: nothing more of theirs is started, and what is under way ends.
        var recalled: ShardSet
    }

    /// Takes what the store says now.
    /// - Returns: What has changed about the shards; `nil` when nothing has.
    mutating func update(_ new: ShardLease) -> Change? {
        let isSame = new.shards == lease.shards && new.recalled == lease.recalled
        defer { lease = new }
        if isSame { return nil }
        let change = Change(
            gained: new.startable.subtracting(startable),
            lost: lease.shards.subtracting(new.shards),
            recalled: new.recalled.subtracting(lease.recalled)
        )
        startable = new.startable
        holdsAll = startable == .all
        return change
    }

    /// Whether deliveries of the endpoint with a number may be started.
    func mayStart(_ endpoint: Int64) -> Bool { holdsAll || startable.containsEndpoint(endpoint) }
}
