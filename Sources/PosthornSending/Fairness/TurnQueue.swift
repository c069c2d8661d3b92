import PosthornSystem

/// Jobs that wait for their turn, fair between endpoints: round robin over the keys that may start one now.
///
/// A value without clock or threads: the caller says what time it is. Every step is O(1), but for keys with a rate, which
/// wait in a heap. A key keeps its place, and with it its rate's tokens, until it is to be forgotten: then it is gone, and the
/// place goes to the next new key.
struct TurnQueue<Job> {
    /// The place of one key's queue.
    struct EndpointQueue {
        fileprivate(set) var key: Int64
        var inFlightLimit: Int
        var bucket: TokenBucket?
        fileprivate(set) var inFlight = 0
        fileprivate var jobs = Fifo<Job>()
        /// In the ring of those that may start, or in the heap of those that wait for a token.
        fileprivate var isListed = false
        /// In the heap.
        fileprivate var isWaiting = false
        /// Counts the rates the key has had, so that a wait for an older one's token no longer counts.
        fileprivate var rateVersion = 0
        /// To be given up once nothing of it is on the wire or in the ring.
        fileprivate var isLeaving = false
        fileprivate var isVacant = false
    }

    private var lanes: [EndpointQueue] = []
    private var laneOfKey = IntegerTable<Int>()
    private var vacant: [Int] = []
    /// Items of the heap whose lane waits no more.
    private var staleWaits = 0
    private var lastKey: (key: Int64, lane: Int)?
    private var ring = Fifo<Int>()
    private var waiting = DueHeap()
    /// Jobs that wait, over all keys.
    private(set) var count = 0

    /// Puts a job at the end of its key's queue.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - key: Its endpoint.
    ///   - inFlightLimit: The key's limit from now on.
    ///   - ratePerSecond: The key's rate from now on.
    ///   - now: Monotonic nanoseconds.
    mutating func append(_ job: Job, key: Int64, inFlightLimit: Int, ratePerSecond: Double?, now: Int64) {
        let lane = lane(of: key, inFlightLimit)
        lanes[lane].inFlightLimit = inFlightLimit
        if lanes[lane].bucket?.ratePerSecond != ratePerSecond {
            lanes[lane].bucket = ratePerSecond.map { TokenBucket(ratePerSecond: $0, now: now) }
            lanes[lane].rateVersion += 1
            if lanes[lane].isWaiting { stopWaiting(lane) }
        }
        lanes[lane].isLeaving = false
        lanes[lane].jobs.append(job)
        count += 1
        list(lane, now)
    }

    /// The next job in turn, and its lane, which is to be handed to ``finish(lane:now:)`` when the job has ended.
    mutating func take(now: Int64) -> (job: Job, lane: Int)? {
        wakeLanes(now)
        while let lane = ring.popFirst() {
            lanes[lane].isListed = false
            guard lanes[lane].inFlight < lanes[lane].inFlightLimit, !lanes[lane].jobs.isEmpty,
                lanes[lane].bucket?.take(now: now) ?? true, let job = lanes[lane].jobs.popFirst()
            else {
                list(lane, now)
                leaveIfIdle(lane)
                continue
            }
            lanes[lane].inFlight += 1
            count -= 1
            list(lane, now)
            return (job, lane)
        }
        return nil
    }

    /// Says that a job of `lane` has ended.
    mutating func finish(lane: Int, now: Int64) {
        lanes[lane].inFlight -= 1
        list(lane, now)
        leaveIfIdle(lane)
    }

    /// How many keys have a place.
    var keyCount: Int { laneOfKey.count }

    /// How many waits for a token are remembered, those that no longer count among them.
    var waitingCount: Int { waiting.count }

    /// Takes out what waits.
    /// - Parameters:
    ///   - keys: Of these keys; `nil` for all.
    ///   - forgetting: Whether they give up their places, as soon as they can.
    mutating func removeAll(keys: Set<Int64>?, forgetting: Bool = false) -> [Job] {
        var removed: [Job] = []
        for lane in lanes.indices where !lanes[lane].isVacant && keys?.contains(lanes[lane].key) ?? true {
            while let job = lanes[lane].jobs.popFirst() { removed.append(job) }
            if forgetting {
                lanes[lane].isLeaving = true
                leaveIfIdle(lane)
            }
        }
        count -= removed.count
        return removed
    }

    /// When the first key that waits for a token may go on; `nil` when none waits.
    var nextTokenAt: Int64? { waiting.first?.due }

    /// Whether a job could be taken at `now`, as far as that is known without trying.
    func mayHaveReady(now: Int64) -> Bool {
        if !ring.isEmpty { return true }
        guard let due = waiting.first?.due else { return false }
        return due <= now
    }

    private mutating func lane(of key: Int64, _ limit: Int) -> Int {
        if let lastKey, lastKey.key == key { return lastKey.lane }
        let lane: Int
        if let known = laneOfKey[key] {
            lane = known
        } else {
            lane = vacant.popLast() ?? lanes.count
            if lane == lanes.count {
                lanes.append(EndpointQueue(key: key, inFlightLimit: limit))
            } else {
                // The count of rates goes on: the heap may still have waits of the lane's former key.
                lanes[lane] = EndpointQueue(key: key, inFlightLimit: limit, rateVersion: lanes[lane].rateVersion)
            }
            laneOfKey[key] = lane
        }
        lastKey = (key, lane)
        return lane
    }

    private mutating func leaveIfIdle(_ lane: Int) {
        guard lanes[lane].isLeaving, lanes[lane].inFlight == 0, lanes[lane].jobs.isEmpty else { return }
        if lanes[lane].isWaiting {
            lanes[lane].rateVersion += 1
            stopWaiting(lane)
        }
        // In the ring it is found once more, and leaves then.
        if lanes[lane].isListed { return }
        (lanes[lane].isLeaving, lanes[lane].isVacant) = (false, true)
        laneOfKey[lanes[lane].key] = nil
        if lastKey?.lane == lane { lastKey = nil }
        vacant.append(lane)
    }

    /// A lane waits for its token no more; its rate has got another number. What waits of many is taken out of the heap.
    private mutating func stopWaiting(_ lane: Int) {
        (lanes[lane].isListed, lanes[lane].isWaiting) = (false, false)
        staleWaits += 1
        guard staleWaits > 64, staleWaits * 2 > waiting.count else { return }
        waiting.removeAll { lanes[$0.lane].rateVersion != $0.version }
        staleWaits = 0
    }

    private mutating func list(_ lane: Int, _ now: Int64) {
        if lanes[lane].isListed || lanes[lane].jobs.isEmpty || lanes[lane].inFlight >= lanes[lane].inFlightLimit { return }
        lanes[lane].isListed = true
        if let due = lanes[lane].bucket?.nextTokenAt(now: now), due > now {
            lanes[lane].isWaiting = true
            waiting.insert(DueHeap.Item(due: due, lane: lane, version: lanes[lane].rateVersion))
        } else {
            ring.append(lane)
        }
    }

    private mutating func wakeLanes(_ now: Int64) {
        while let first = waiting.first, first.due <= now {
            waiting.removeFirst()
            guard lanes[first.lane].rateVersion == first.version else {
                staleWaits -= 1
                continue
            }
            lanes[first.lane].isWaiting = false
            ring.append(first.lane)
        }
    }
}
