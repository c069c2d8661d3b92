/// Says when one thread's next request is meant to leave. A value without a clock.
struct LoadPacer {
    enum Step: Equatable {
        /// Now; it was meant to leave at this moment.
        case go(intended: Int64)
        case wait(until: Int64)
        case end
    }

    private enum Kind {
        case open(LoadArrivals)
        case closed
    }

    /// How long after the end a request may still leave that this machine is late with.
    static let overrunNanoseconds: Int64 = 1_000_000_000
    /// What falls due so shortly before a load is stopped was about to leave, and is not late.
    static let promptNanoseconds: Int64 = 10_000_000

    private let timeoutNanoseconds: Int64
    private var kind: Kind
    /// Those of a closed model that think between an answer and their next request.
    private var callers: ThinkingCallers?
    private let start: Int64
    private let measuredFrom: Int64
    private let measuredUntil: Int64
    private var left: UInt64
    private var pausedUntil: Int64 = 0
    /// Whether every place on the wire was taken when this was last asked or told.
    private var isHeldBack = false
    private var heldBackUpTo = Int64.min
    /// Requests that were due while every place on the wire was taken.
    private(set) var heldBack: UInt64 = 0
    /// Requests that were due and are left out, since the time was over long ago; `nil` before.
    private(set) var abandoned: AbandonedRequests?
    /// Whether the request that left last was one of them.
    private(set) var lastWasHeldBack = false

    /// - Parameters:
    ///   - start: The start of the warm-up in monotonic nanoseconds.
    ///   - thread: This thread's number; threads take turns with the arrivals.
    init(_ plan: LoadPlan, start: Int64, thread: Int, threads: Int) {
        self.start = start
        timeoutNanoseconds = plan.timeoutNanoseconds
        measuredFrom = start + plan.warmUpNanoseconds
        let (end, overflow) = measuredFrom.addingReportingOverflow(plan.nanoseconds ?? .max)
        measuredUntil = overflow ? .max : end
        let share = plan.count.map { $0 / UInt64(threads) + (UInt64(thread) < $0 % UInt64(threads) ? 1 : 0) }
        left = share ?? .max
        switch plan.model {
        case .closed:
            kind = .closed
            // As the loops share the connections.
            let count = plan.slots / threads + (thread < plan.slots % threads ? 1 : 0)
            callers = plan.thinkTime.map { ThinkingCallers($0, count: count, start: start, seed: plan.seed, thread: thread) }
        case .open, .replay: kind = .open(LoadArrivals(plan, start: start, thread: thread, threads: threads))
        }
    }

    /// What to do at `now`.
    mutating func next(now: Int64) -> Step {
        if left == 0 { return .end }
        if isHeldBack {
            isHeldBack = false
            heldBackUpTo = now
        }
        switch kind {
        case .closed:
            if now >= measuredUntil { return .end }
            if callers != nil { return nextCaller(now: now) }
            if now < start { return .wait(until: start) }
            if now < pausedUntil { return .wait(until: min(pausedUntil, measuredUntil)) }
            if now >= measuredFrom { left -= 1 }
            return .go(intended: now)
        case .open(var arrivals):
            guard let due = arrivals.due, due < measuredUntil else { return .end }
            if due > now { return .wait(until: due) }
            let isHeldBack = due <= heldBackUpTo
            // One that waits for the receiver leaves as long as an answer may take; one that this machine is late with would put the
            // end off for ever where the schedule is beyond it.
            let patience = isHeldBack ? timeoutNanoseconds : Self.overrunNanoseconds
            if now - patience >= measuredUntil {
                abandoned = AbandonedRequests(arrivals, before: measuredUntil, atMost: left, wasHeldBack: isHeldBack, waited: patience)
                left = 0
                return .end
            }
            arrivals.advance()
            kind = .open(arrivals)
            if due >= measuredFrom { left -= 1 }
            lastWasHeldBack = isHeldBack
            if lastWasHeldBack { heldBack += 1 }
            return .go(intended: due)
        }
    }

    /// A request has ended, and its caller begins to think.
    mutating func answered(at moment: Int64) { callers?.answered(at: moment) }

    private mutating func nextCaller(now: Int64) -> Step {
        // Where all of them wait for answers, one of those wakes the loop.
        guard let moment = callers?.next.map({ max($0, pausedUntil) }), moment < measuredUntil else { return .wait(until: measuredUntil) }
        if moment > now { return .wait(until: moment) }
        callers?.ask()
        if moment >= measuredFrom { left -= 1 }
        return .go(intended: moment)
    }

    /// Leaves out what was meant to leave before `pause`; hands out the moments of these requests.
    mutating func skip(until pause: Int64, now: Int64) -> [Int64] {
        pausedUntil = pause
        // Those of the pause that is still to come are left out when their moment has come.
        return takeDue(by: now)
    }

    /// Leaves out what was due and had not left when the load was stopped; hands out the moments of these requests, and whether they
    /// waited for a place on the wire.
    mutating func giveUp(at stop: Int64) -> [(due: Int64, wasHeldBack: Bool)] {
        if isHeldBack { heldBackUpTo = stop }
        return takeDue(by: stop - Self.promptNanoseconds).map { ($0, $0 <= heldBackUpTo) }
    }

    private mutating func takeDue(by moment: Int64) -> [Int64] {
        guard case .open(var arrivals) = kind else { return [] }
        var taken: [Int64] = []
        while let due = arrivals.due, due <= moment, due < measuredUntil, left > 0 {
            arrivals.advance()
            taken.append(due)
            if due >= measuredFrom { left -= 1 }
        }
        kind = .open(arrivals)
        return taken
    }

    /// Every place on the wire is taken: what falls due until the next one is asked for leaves late.
    mutating func holdBack() { isHeldBack = true }
}

/// The moments at which one thread's requests are meant to leave: the warm-up at the first rate, then the schedule.
struct LoadArrivals {
    /// The next one in monotonic nanoseconds.
    private(set) var due: Int64?
    /// The step of the rate that it belongs to.
    private(set) var step = 0
    private var schedule: Moments
    private var warmUp: ArrivalSchedule?
    private var offset: Int64
    let measuredFrom: Int64
    private let thread: UInt64
    private let threads: UInt64
    /// The number of the next arrival of the measured part, whichever thread's it is.
    private var number: UInt64 = 0

    /// Where the moments of the measured part come from, in nanoseconds from its start.
    private enum Moments {
        case computed(ArrivalSchedule)
        case recorded(ArraySlice<Int64>)

        /// How many are to come before a moment, by the step of the rate.
        func remaining(before moment: Int64) -> [(step: Int, count: UInt64)] {
            switch self {
            case .computed(let schedule): return schedule.remaining(before: moment)
            case .recorded(let rest): return [(0, UInt64(rest.prefix { $0 < moment }.count))]
            }
        }

        mutating func next() -> (moment: Int64, step: Int)? {
            switch self {
            case .computed(var schedule):
                let arrival = schedule.next()
                self = .computed(schedule)
                return arrival.map { ($0.nanoseconds, $0.step) }
            case .recorded(var rest):
                let moment = rest.popFirst()
                self = .recorded(rest)
                return moment.map { ($0, 0) }
            }
        }
    }

    /// The model must be an open one.
    init(_ plan: LoadPlan, start: Int64, thread: Int, threads: Int) {
        switch plan.model {
        case .open(let rates, let poisson):
            func spacing(_ salt: UInt64) -> ArrivalSchedule.Spacing {
                poisson ? .poisson(seed: plan.seed ^ salt) : .even(phase: plan.phase)
            }
            schedule = .computed(ArrivalSchedule(rates, spacing: spacing(0)))
            if plan.warmUpNanoseconds > 0 {
                let first = RateSpecification(steps: [
                    .init(ratePerSecond: rates.steps[0].ratePerSecond, nanoseconds: plan.warmUpNanoseconds)
                ])
                warmUp = ArrivalSchedule(first, spacing: spacing(1))
            }
        case .replay(let moments): schedule = .recorded(moments[...])
        case .closed: schedule = .recorded([])
        }
        offset = start
        measuredFrom = start + plan.warmUpNanoseconds
        self.thread = UInt64(thread)
        self.threads = UInt64(threads)
        advance()
    }

    /// How many of this thread's are left of the measured part, by the step of the rate; the present one is one of them.
    /// - Parameter limit: More do not count.
    func remaining(before end: Int64, atMost limit: UInt64) -> [Int: UInt64] {
        var counts: [Int: UInt64] = [:]
        var left = limit
        func add(_ count: UInt64, _ step: Int) {
            let taken = min(count, left)
            left -= taken
            if taken > 0 { counts[step, default: 0] += taken }
        }
        let rest = schedule.remaining(before: end - measuredFrom)
        if let due, due >= measuredFrom, due < end { add(1, step) }
        var first = number
        for (step, count) in rest {
            // Those of the numbers from `first` on that are this thread's.
            let offset = (thread + threads - first % threads) % threads
            if count > offset { add((count - offset - 1) / threads + 1, step) }
            first += count
        }
        return counts
    }

    /// Goes on to this thread's next one.
    mutating func advance() {
        while let arrival = warmUp?.next() {
            if arrival.number % threads != thread { continue }
            due = offset + arrival.nanoseconds
            return
        }
        if warmUp != nil {
            warmUp = nil
            offset = measuredFrom
        }
        while let arrival = schedule.next() {
            defer { number += 1 }
            if number % threads != thread { continue }
            (due, step) = (measuredFrom + arrival.moment, arrival.step)
            return
        }
        due = nil
    }
}
