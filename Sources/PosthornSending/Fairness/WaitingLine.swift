/// The requests that wait for a connection of one host.
///
/// As long as all of them are of one endpoint, which is so at most hosts, they go in the order in which they came, and nothing is
/// counted. At an address that many endpoints share they take turns, as a ``FairQueue`` gives them out.
struct WaitingLine<Waiter: Claimant> {
    private var own = Fifo<Waiter>()
    /// The endpoint whose requests are in it.
    private var lane = -1
    private var shared = FairQueue<Waiter>()
    private var isShared = false

    /// Stands for a claimant of whom nothing is counted.
    static var uncounted: Int { -1 }

    /// Whether nothing waits.
    var isEmpty: Bool { own.isEmpty && shared.isEmpty }

    /// Lets a request wait.
    mutating func append(_ waiter: Waiter) {
        if !isShared {
            if own.isEmpty { lane = waiter.lane }
            if lane == waiter.lane { return own.append(waiter) }
            isShared = true
            while let first = own.popFirst() { shared.append(first, for: first) }
        }
        shared.append(waiter, for: waiter)
    }

    /// The request whose turn it is.
    mutating func first() -> Waiter? { isShared ? shared.first() : own.first }

    /// Takes out the request whose turn it is, and counts it among what its claimant holds.
    mutating func popFirst() -> (waiter: Waiter, claimant: Int)? {
        if !isShared { return own.popFirst().map { ($0, Self.uncounted) } }
        guard let (waiter, claimant) = shared.popFirst() else { return nil }
        shared.hold(claimant)
        return (waiter, claimant)
    }

    /// Counts a request that did not have to wait.
    mutating func hold(_ claimant: some Claimant) -> Int { isShared ? shared.hold(claimant) : Self.uncounted }

    /// A request that was counted has ended.
    mutating func release(_ claimant: Int) {
        if claimant == Self.uncounted { return }
        shared.release(claimant)
        if shared.isIdle { (shared, isShared) = (FairQueue(), false) }
    }

    /// Takes out the requests that meet a condition.
    mutating func remove(where condition: (Waiter) -> Bool) -> [Waiter] {
        if isShared {
            let removed = shared.remove(where: condition)
            if shared.isIdle { (shared, isShared) = (FairQueue(), false) }
            return removed
        }
        var (kept, removed) = (Fifo<Waiter>(), [Waiter]())
        while let waiter = own.popFirst() {
            if condition(waiter) { removed.append(waiter) } else { kept.append(waiter) }
        }
        own = kept
        return removed
    }
}
