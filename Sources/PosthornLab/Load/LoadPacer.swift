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

    private var kind: Kind
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
    /// Whether the request that left last was one of them.
    private(set) var lastWasHeldBack = false

    /// - Parameters:
    ///   - start: The start of the warm-up in monotonic nanoseconds.
    ///   - thread: This thread's number; threads take turns with the arrivals.
    init(_ plan: LoadPlan, start: Int64, thread: Int, threads: Int) {
        self.start = start
        measuredFrom = start + plan.warmUpNanoseconds
        let (end, overflow) = measuredFrom.addingReportingOverflow(plan.nanoseconds ?? .max)
        measuredUntil = overflow ? .max : end
        let share = plan.count.map { $0 / UInt64(threads) + (UInt64(thread) < $0 % UInt64(threads) ? 1 : 0) }
        left = share ?? .max
        switch plan.model {
        case .closed: kind = .closed
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
            if now < start { return .wait(until: start) }
            if now < pausedUntil { return .wait(until: min(pausedUntil, measuredUntil)) }
            if now >= measuredFrom { left -= 1 }
            return .go(intended: now)
        case .open(var arrivals):
            guard let due = arrivals.due, due < measuredUntil else { return .end }
            if due > now { return .wait(until: due) }
            arrivals.advance()
            kind = .open(arrivals)
            if due >= measuredFrom { left -= 1 }
            lastWasHeldBack = due <= heldBackUpTo
            if lastWasHeldBack { heldBack += 1 }
            return .go(intended: due)
        }
    }

    /// Leaves out what was meant to leave before `pause`; says how many requests that are.
    mutating func skip(until pause: Int64, now: Int64) -> UInt64 {
        pausedUntil = pause
        guard case .open(var arrivals) = kind else { return 0 }
        var skipped: UInt64 = 0
        // Those of the pause that is still to come are left out when their moment has come.
        while let due = arrivals.due, due <= now, due < measuredUntil, left > 0 {
            arrivals.advance()
            skipped += 1
            if due >= measuredFrom { left -= 1 }
        }
        kind = .open(arrivals)
        return skipped
    }

    /// Every place on the wire is taken: what falls due until the next one is asked for leaves late.
    mutating func holdBack() { isHeldBack = true }
}

/// The moments at which one thread's requests are meant to leave: the warm-up at the first rate, then the schedule.
struct LoadArrivals {
    /// The next one in monotonic nanoseconds.
    private(set) var due: Int64?
    private var schedule: Moments
    private var warmUp: ArrivalSchedule?
    private var offset: Int64
    private let measuredFrom: Int64
    private let thread: UInt64
    private let threads: UInt64
    /// The number of the next arrival of the measured part, whichever thread's it is.
    private var number: UInt64 = 0

    /// Where the moments of the measured part come from, in nanoseconds from its start.
    private enum Moments {
        case computed(ArrivalSchedule)
        case recorded(ArraySlice<Int64>)

        mutating func next() -> Int64? {
            switch self {
            case .computed(var schedule):
                let moment = schedule.next()?.nanoseconds
                self = .computed(schedule)
                return moment
            case .recorded(var rest):
                let moment = rest.popFirst()
                self = .recorded(rest)
                return moment
            }
        }
    }

    /// The model must be an open one.
    init(_ plan: LoadPlan, start: Int64, thread: Int, threads: Int) {
        switch plan.model {
        case .open(let rates, let poisson):
            func spacing(_ salt: UInt64) -> ArrivalSchedule.Spacing { poisson ? .poisson(seed: plan.seed ^ salt) : .even }
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
        while let moment = schedule.next() {
            defer { number += 1 }
            if number % threads != thread { continue }
            due = measuredFrom + moment
            return
        }
        due = nil
    }
}
