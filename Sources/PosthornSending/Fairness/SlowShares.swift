/// Whose the slow requests are that a thread has on the wire, and the jobs of tenants that have too many of them.
///
/// Places for slow requests are many and not without end. A tenant whose receivers hang could fill them and stop everybody, so
/// each may have more only as long as enough is left: at the first level at which tenants differ three times as much as is free,
/// at the next one as much as is free, further below a third of that. So one tenant by itself gets three quarters of all places,
/// a second one three quarters of the rest, and less once the first one's end. A tenant that has its share waits until requests of its own have ended.
///
/// Where all endpoints are one node's it is not asked (``InFlightWindow/isOneNodes(_:)``).
///
/// With less than a quarter of the places in use nobody has too many, and nothing is counted. A value.
struct SlowShares<Waiter: Claimant> {
    /// The first level of the hierarchy at which tenants differ.
    var firstLevel = 0 { didSet { fullFrom = .max } }
    private let limit: Int
    private var queue = FairQueue<Waiter>()
    /// Jobs that wait.
    private(set) var waitingCount = 0
    /// With how many requests on the wire none of them could start; until one is given back that is so with more as well.
    private var fullFrom = Int.max

    /// - Parameter limit: Places for slow requests.
    init(limit: Int) { self.limit = limit }

    /// A request has become slow. Returns what is to be handed to ``release(_:)`` when it is so no more; `nil` when it is not counted.
    /// - Parameter slowCount: How many are slow with it.
    mutating func hold(_ claimant: some Claimant, slowCount: Int) -> Int? {
        slowCount * 4 <= limit ? nil : queue.hold(claimant)
    }

    /// A request that was counted has ended, or is young again.
    mutating func release(_ claimant: Int) {
        queue.release(claimant)
        fullFrom = .max
    }

    /// Whether a request may start.
    /// - Parameter inFlight: Requests on the wire, since all of them may become slow.
    func admits(_ claimant: some Claimant, inFlight: Int) -> Bool {
        inFlight * 4 <= limit || queue.may(claimant, rule(inFlight))
    }

    /// Lets a job wait that was not admitted.
    mutating func wait(_ waiter: Waiter) {
        queue.append(waiter, for: waiter)
        waitingCount += 1
        fullFrom = .max
    }

    /// The next job that may start; those who have least slow requests first.
    mutating func next(inFlight: Int) -> Waiter? {
        if waitingCount == 0 || inFlight >= fullFrom { return nil }
        guard let (waiter, _) = queue.popFirst(rule(inFlight)) else {
            fullFrom = inFlight
            return nil
        }
        waitingCount -= 1
        return waiter
    }

    /// Whether ``next(inFlight:)`` has one.
    mutating func hasNext(inFlight: Int) -> Bool {
        if waitingCount == 0 || inFlight >= fullFrom { return false }
        if queue.first(rule(inFlight)) != nil { return true }
        fullFrom = inFlight
        return false
    }

    /// Takes out the jobs that wait and meet a condition.
    mutating func remove(where condition: (Waiter) -> Bool) -> [Waiter] {
        let removed = queue.remove(where: condition)
        waitingCount -= removed.count
        return removed
    }

    private func rule(_ inFlight: Int) -> FairQueue<Waiter>.Rule {
        let (free, firstLevel) = (max(0, limit - inFlight), firstLevel)
        return { level, held in
            switch level - firstLevel {
            case ..<0: true
            case 0: held < 3 * free
            case 1: held < free
            default: 3 * held < free
            }
        }
    }
}
