import PosthornModel
import PosthornStore
import PosthornText

/// Endpoints whose receivers have asked to be left alone.
struct ThrottleBook {
    private var throttles: [Int: Throttle] = [:]
    /// Those of which the outbox is to be told, by their indices.
    private(set) var news: Set<Int> = []
    /// Shards of which the outbox knows what their receivers have asked for, and this engine not yet.
    private(set) var unread = ShardSet.none
    private var lastLook = Timestamp(milliseconds: .min)
    /// When to look after them next.
    private(set) var nextLook = Timestamp(milliseconds: .max)
    /// Those that the last look found and ``next(at:waits:)`` has not given out.
    private var found: [Int] = []
    /// The one that was given out last.
    private var lastGiven: Int?
    /// Whether the last turn was a throttled endpoint's.
    private var hadLastTurn = false

    /// Requests of slow receivers start at this distance at most: each look may read what waits again.
    static let intervalMilliseconds: Int64 = 100

    /// Whether no endpoint is held back.
    var isEmpty: Bool { throttles.isEmpty }

    /// How many endpoints are held back.
    var count: Int { throttles.count }

    /// The engine delivers other shards than before: what receivers of lost ones have asked for is another engine's to know.
    /// - Parameter key: The number of the endpoint at an index.
    mutating func shardsChanged(_ change: LeaseBook.Change, key: (Int) -> Int64?) {
        unread = unread.union(change.gained).subtracting(change.lost)
        if change.lost.isEmpty { return }
        for endpoint in throttles.keys where key(endpoint).map(change.lost.containsEndpoint) ?? false { forget(endpoint) }
    }

    /// All that was written down is taken over.
    mutating func hasRead() { unread = .none }

    /// Takes over what an engine before this one has written down; what is known already is newer.
    mutating func restore(_ endpoint: Int, until: Timestamp) {
        if throttles[endpoint] != nil { return }
        throttles[endpoint] = Throttle(until: until)
        nextLook = min(nextLook, until)
    }

    /// A receiver has taken a request.
    mutating func succeeded(_ endpoint: Int, _ outcome: AttemptOutcome) {
        // What waits for a probe's end need not wait longer.
        if throttles[endpoint]?.isProbing == true { nextLook = min(nextLook, outcome.started) }
        throttles[endpoint]?.succeeded()
    }

    /// A receiver has refused a request.
    /// - Returns: Whether what waits in the senders for it is to be taken back.
    mutating func refused(_ endpoint: Int, _ outcome: AttemptOutcome) -> Bool {
        guard let wait = outcome.retryAfterMilliseconds, wait > 0 else { return false }
        return hold(endpoint, milliseconds: wait, after: outcome)
    }

    private mutating func hold(_ endpoint: Int, milliseconds wait: Int64, after outcome: AttemptOutcome) -> Bool {
        let ended = outcome.started.advanced(byMilliseconds: outcome.durationMicroseconds / 1000)
        return hold(endpoint, milliseconds: wait, started: outcome.started, ended: ended)
    }

    /// The same for one that is suspended: from then on it gets one request at a time, until one succeeds.
    mutating func suspend(_ endpoint: Int, milliseconds wait: Int64, started: Timestamp, ended: Timestamp) -> Bool {
        let isNews = hold(endpoint, milliseconds: wait, started: started, ended: ended)
        throttles[endpoint]?.beginProbing()
        return isNews
    }

    /// An endpoint is to be left alone, because of an attempt.
    /// - Returns: Whether what waits in the senders for it is to be taken back.
    mutating func hold(_ endpoint: Int, milliseconds wait: Int64, started: Timestamp, ended: Timestamp) -> Bool {
        let isNews: Bool
        if var known = throttles[endpoint] {
            isNews = known.asked(toWait: wait, started: started, at: ended)
            throttles[endpoint] = known
        } else {
            throttles[endpoint] = Throttle(toWait: wait, at: ended)
            isNews = true
        }
        if let until = throttles[endpoint]?.until { nextLook = min(nextLook, until) }
        news.insert(endpoint)
        return isNews
    }

    /// Whether a request of an endpoint may start.
    mutating func mayStart(_ endpoint: Int, at now: Timestamp) -> Bool {
        switch throttles[endpoint]?.turn(at: now) {
        case nil, .now: return true
        case .afterProbe: return false
        case .at(let time):
            nextLook = min(nextLook, max(time, now.advanced(byMilliseconds: Self.intervalMilliseconds)))
            return false
        }
    }

    /// A delivery's request starts.
    mutating func take(_ delivery: Int64, ofEndpoint endpoint: Int) { throttles[endpoint]?.take(delivery) }

    /// A delivery's request was taken back before it left.
    /// - Returns: Whether the endpoint's deliveries are to be read again, as it was a probe.
    mutating func returned(_ delivery: Int64, ofEndpoint endpoint: Int) -> Bool { throttles[endpoint]?.ended(delivery) ?? false }

    /// A delivery's request has ended. A probe that failed is followed by another after a pause at least, also where that failure says
    /// nothing of the receiver, or nothing suspends the endpoint: what waits would use one attempt after the other up otherwise.
    /// - Returns: Whether the endpoint's deliveries are to be read again, as it was a probe.
    mutating func ended(_ delivery: Int64, ofEndpoint endpoint: Int, _ outcome: AttemptOutcome, pause milliseconds: Int64) -> Bool {
        guard throttles[endpoint]?.ended(delivery) == true else { return false }
        _ = hold(endpoint, milliseconds: milliseconds, after: outcome)
        return true
    }

    /// Whether ``next(at:waits:)`` has another one at once.
    var hasNext: Bool { !found.isEmpty }

    /// The next endpoint that has something that waits and may start a request, or is held back no more. One at a time: the
    /// reading then begins where that endpoint's deliveries are, and not at those of all.
    mutating func next(at now: Timestamp, waits: (Int) -> Bool) -> Int? {
        if found.isEmpty { found = look(at: now, waits: waits) }
        guard let endpoint = found.popLast() else { return nil }
        lastGiven = endpoint
        hadLastTurn = true
        return endpoint
    }

    /// Whether this turn may be a throttled endpoint's. While others wait to be read again, that is every second one, once the
    /// reading has got to the one before.
    /// - Parameters:
    ///   - isReadingAgain: Whether any endpoint waits to be read again.
    ///   - hasCapacity: Whether that is so of one.
    mutating func hasTurn(isReadingAgain: Bool, hasCapacity: (Int) -> Bool) -> Bool {
        guard isReadingAgain else { return true }
        if hadLastTurn {
            hadLastTurn = false
            return false
        }
        return lastGiven.map(hasCapacity) != true
    }

    /// When to look after them next; not at once while the reading is busy with others, whose room comes with their results.
    func deadline(at now: Timestamp, isReadingAgain: Bool) -> Timestamp {
        isReadingAgain ? max(nextLook, now.advanced(byMilliseconds: Self.intervalMilliseconds)) : nextLook
    }

    /// Looks after all of them, now and then.
    /// - Parameters:
    ///   - waits: Whether an endpoint has anything that waits.
    /// - Returns: Those that have and may start a request, or are held back no more.
    mutating func look(at now: Timestamp, waits: (Int) -> Bool) -> [Int] {
        // A clock that was put back is no reason to wait.
        guard now >= nextLook || now < lastLook else { return [] }
        lastLook = now
        var free: [Int] = []
        var next = Timestamp(milliseconds: .max)
        for endpoint in Array(throttles.keys) {
            guard var throttle = throttles[endpoint] else { continue }
            if throttle.isOver(at: now) {
                throttles[endpoint] = nil
                news.insert(endpoint)
                if waits(endpoint) { free.append(endpoint) }
                continue
            }
            let turn = throttle.turn(at: now)
            throttles[endpoint] = throttle
            switch turn {
            case .now where waits(endpoint):
                free.append(endpoint)
                next = min(next, now.advanced(byMilliseconds: Self.intervalMilliseconds))
            case .at(let time) where time <= throttle.until || waits(endpoint):
                next = min(next, max(time, now.advanced(byMilliseconds: Self.intervalMilliseconds)))
            case .now, .at, .afterProbe:
                // A probe that may start is asked for by what comes, and one that is under way brings the next with its end.
                if throttle.isProbing { continue }
                next = min(next, throttle.until.advanced(byMilliseconds: Throttle.memoryMilliseconds))
            }
        }
        nextLook = next
        return free
    }

    /// Forgets those that were written down and are so no more.
    /// - Returns: Their indices.
    mutating func forgetLifted(isWritten: (Int) -> Bool) -> [Int] {
        let lifted = throttles.keys.filter { !news.contains($0) && !isWritten($0) }
        for endpoint in lifted { forget(endpoint) }
        return lifted
    }

    /// An index is vacant.
    mutating func forget(_ endpoint: Int) {
        if lastGiven == endpoint { lastGiven = nil }
        throttles[endpoint] = nil
        news.remove(endpoint)
        found.removeAll { $0 == endpoint }
    }

    /// Until when an endpoint is left alone; `nil` when it is as any other.
    func until(_ endpoint: Int) -> Timestamp? { throttles[endpoint]?.until }

    /// The outbox has been told.
    mutating func told() { news.removeAll() }
}
