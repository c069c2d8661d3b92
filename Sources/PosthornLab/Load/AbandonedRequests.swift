/// Requests of one thread that were due and had not left when the time was over.
///
/// A schedule far beyond its machine leaves more of them than memory could hold, so what is kept is the schedule.
struct AbandonedRequests: Sendable {
    /// Requests that were meant to leave in one stretch of time and belong to one step of the rate.
    struct Portion: Equatable {
        /// When the stretch began, from the start of the measured part.
        let moment: Int64
        let step: Int
        let count: UInt64
    }

    /// The first of them is what is due next.
    private let arrivals: LoadArrivals
    private let end: Int64
    private let limit: UInt64
    /// Whether every place on the wire was taken until then, which is the receiver's doing.
    let wasHeldBack: Bool
    /// How long each has waited, in nanoseconds, at the least.
    let waited: Int64

    /// - Parameters:
    ///   - arrivals: The schedule.
    ///   - end: When the measured part ended, in monotonic nanoseconds: what was due later is none of them.
    ///   - limit: More are none of them either.
    init(_ arrivals: LoadArrivals, before end: Int64, atMost limit: UInt64, wasHeldBack: Bool, waited: Int64) {
        (self.arrivals, self.end, self.limit) = (arrivals, end, limit)
        (self.wasHeldBack, self.waited) = (wasHeldBack, waited)
    }

    /// How long the measured part took.
    var length: Int64 { end - arrivals.measuredFrom }

    /// How many there are, by the step of the rate; of independent callers as many as are to be expected.
    var counts: [Int: UInt64] { arrivals.remaining(before: end, atMost: limit) }

    /// How many there are in all.
    /// - Parameter isCountedOneByOne: Whether it must be as many as there are ``moments``, which takes time for each.
    func count(isCountedOneByOne: Bool) -> UInt64 {
        isCountedOneByOne ? moments.reduce(0) { count, _ in count + 1 } : counts.values.reduce(0, +)
    }

    /// How many there are in each stretch of time.
    /// - Parameters:
    ///   - nanoseconds: How long a stretch is.
    ///   - isCountedOneByOne: Whether it must be as many as there are ``moments``, which takes time for each.
    func portions(of nanoseconds: Int64, isCountedOneByOne: Bool) -> [Portion] {
        var portions: [Portion] = []
        if isCountedOneByOne {
            for (moment, step) in moments {
                let start = moment / nanoseconds * nanoseconds
                if let last = portions.last, last.moment == start, last.step == step {
                    portions[portions.count - 1] = Portion(moment: start, step: step, count: last.count + 1)
                } else {
                    portions.append(Portion(moment: start, step: step, count: 1))
                }
            }
            return portions
        }
        var counted: [Int: UInt64] = [:]
        for start in stride(from: 0, to: length, by: Int(nanoseconds)) {
            let counts = arrivals.remaining(before: min(end, arrivals.measuredFrom + start + nanoseconds), atMost: limit)
            for (step, count) in counts.sorted(by: { $0.key < $1.key }) where count > counted[step] ?? 0 {
                portions.append(Portion(moment: start, step: step, count: count - (counted[step] ?? 0)))
            }
            counted = counts
        }
        return portions
    }

    /// When each was meant to leave, from the start of the measured part, with its step.
    var moments: some Sequence<(moment: Int64, step: Int)> {
        sequence(state: (arrivals: arrivals, left: limit)) { state in
            while state.left > 0, let due = state.arrivals.due, due < end {
                let step = state.arrivals.step
                state.arrivals.advance()
                if due < state.arrivals.measuredFrom { continue }
                state.left -= 1
                return (due - state.arrivals.measuredFrom, step)
            }
            return nil
        }
    }

    /// Each of them as a sample, in the order of their moments.
    var samples: some Sequence<LoadSample> { moments.lazy.map { LoadSample(abandoned: $0.moment, waited: waited) } }
}

extension LoadReport {
    /// Goes through every measured request in the order of their intended moments: those that have ended, and those that were given up.
    /// - Parameter body: Says whether to go on.
    /// - Returns: Whether it went through all of them.
    func forEachSample(_ body: (LoadSample) -> Bool) -> Bool {
        var threads = abandoned.map { $0.samples.makeIterator() }
        var abandoned = threads.indices.map { threads[$0].next() }
        var ended = samples[...]
        while true {
            let next = abandoned.indices.filter { abandoned[$0] != nil }.min {
                (abandoned[$0]?.intended ?? 0) < (abandoned[$1]?.intended ?? 0)
            }
            if let sample = ended.first, next.flatMap({ abandoned[$0] }).map({ sample.intended <= $0.intended }) ?? true {
                ended.removeFirst()
                if !body(sample) { return false }
            } else if let next, let sample = abandoned[next] {
                abandoned[next] = threads[next].next()
                if !body(sample) { return false }
            } else {
                return true
            }
        }
    }
}
