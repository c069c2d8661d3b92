import PosthornCurl

/// A host in a ``ConnectionTable``.
struct BookedHost<Waiter: Claimant> {
    let key: HostKey
    var connections: HostConnections
    var waiters = WaitingLine<Waiter>()
    /// In the ring of those that may be able to start something.
    var isListed = false
    /// How often it is among those that wait for room to open a connection, and for which claimant last.
    var crowdedCount = 0
    var crowdedClaimant = 0
    var crowdedNodes: [Int] = []
    /// Among those that could do with one more connection.
    var isWishing = false
    /// Whether the next turn is that of a job that needs a connection of its own, if one waits.
    var isTurnOfOwn = false
    /// When it may start something though nothing happens until then; it is in the heap with that time.
    var nextTime = Int64.max

    init(key: HostKey, home: Int, shards: Range<Int>) {
        self.key = key
        connections = HostConnections(home: home, shards: shards)
    }

    /// Whether nothing would be lost with it.
    var isForgettable: Bool { waiters.isEmpty && connections.isQuiet && !isListed && crowdedCount == 0 && !isWishing }
}
