/// When requests that met one of this machine's faults are tried again, and what is said of it. A value without a clock; times
/// are monotonic nanoseconds.
///
/// A few are tried now and then, since each may show that the fault is over: the first ones of the queue, so that none of
/// them is tried again before all others. With each one that gets through more follow. Only tries set the pace: the failures of
/// others, who meet the fault meanwhile, postpone none.
struct FaultGate {
    /// Whether it has been told that there is the fault.
    private(set) var isTold = false
    /// When some may be tried again.
    private(set) var nextTry: Int64 = 0
    private var batch = Self.firstBatch
    private var lastFailure: Int64 = 0
    /// Whether any request got through since.
    private var hasGotThrough = false
    /// When the fault was first met, or some were last tried again.
    private var lastTry: Int64 = 0

    /// Between two tries.
    static let tryNanoseconds: Int64 = 250_000_000
    /// Without a failure for this long the fault is over, once a request got through: the kernel looks for a gateway for three
    /// seconds, so failures from before the end may still come.
    static let quietNanoseconds: Int64 = 4_000_000_000
    /// The same when none did: some may be on their way still, and the last word on them takes as long as their deadlines.
    static let silentNanoseconds: Int64 = 60_000_000_000
    /// How many are tried at first, and at most, at one time.
    static let firstBatch = 8
    static let largestBatch = 2048

    /// What to tell.
    enum Change { case begins, ends }

    /// A request met the fault. Returns whether that is news.
    mutating func failed(now: Int64) -> Change? {
        lastFailure = now
        hasGotThrough = false
        if !isTold { lastTry = now }
        nextTry = max(nextTry, lastTry + Self.tryNanoseconds)
        batch = Self.firstBatch
        if isTold { return nil }
        isTold = true
        return .begins
    }

    /// A request got through that the fault would have met.
    mutating func gotThrough(now: Int64) {
        hasGotThrough = true
        guard isTold, now - lastFailure >= Self.tryNanoseconds else { return }
        batch = min(batch * 2, Self.largestBatch)
        nextTry = now
    }

    /// How many of those that wait may be tried now.
    mutating func mayTry(waiting: Int, now: Int64) -> Int {
        guard waiting > 0, now >= nextTry else { return 0 }
        lastTry = now
        nextTry = now + Self.tryNanoseconds
        return min(batch, waiting)
    }

    /// Whether the fault is over, which is said once: nothing waits and nothing has failed for a while.
    mutating func check(waiting: Int, now: Int64) -> Change? {
        guard isTold, waiting == 0, now >= quietEnd else { return nil }
        isTold = false
        return .ends
    }

    /// When to look again; `Int64.max` when there is no fault.
    func wakeUp(waiting: Int) -> Int64 {
        if !isTold { return .max }
        return waiting > 0 ? nextTry : quietEnd
    }

    private var quietEnd: Int64 { lastFailure + (hasGotThrough ? Self.quietNanoseconds : Self.silentNanoseconds) }
}
