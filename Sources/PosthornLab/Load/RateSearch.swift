/// Looks for the highest rate at which bounds hold: doubles until they do not, halves the distance until it is small, and
/// confirms the rate found with a longer trial. A value without a clock; each trial is somebody else's work.
///
/// A trial in which nothing can be known, because the generator was late, says nothing of the receiver. It is made once
/// more; when it says nothing again, the search stays below that rate and names the generator as the limit.
public struct RateSearch: Equatable, Sendable {
    /// What one trial has shown.
    public enum Outcome: Equatable, Sendable {
        case kept
        case missed
        case unknown
    }

    /// The trial that is to be made.
    public struct Trial: Equatable, Sendable {
        /// Requests a second.
        public let ratePerSecond: Double
        /// Whether it is the long one that confirms a rate.
        public let isConfirmation: Bool
    }

    /// How a search ended.
    public enum End: Equatable, Sendable {
        /// The rates are next to each other, and the lower one was confirmed.
        case found
        /// Nothing can be known above the highest rate at which bounds held: the generator is the limit.
        case generatorLimited
        /// The highest rate that may be tried kept the bounds.
        case ceilingReached
        /// The lowest rate that may be tried did not keep them.
        case nothingHolds
        /// Nothing can be known even at the lowest rate.
        case nothingKnown
        /// It was stopped, or has made as many trials as it may.
        case unfinished
    }

    /// The highest rate at which the bounds held.
    public private(set) var lastKept: Double?
    /// The lowest rate at which they did not.
    public private(set) var firstMissed: Double?
    /// The lowest rate at which nothing could be known.
    public private(set) var firstUnknown: Double?
    /// Whether the long trial has kept the bounds at `lastKept`.
    public private(set) var isConfirmed = false
    /// How it ended; `nil` while it goes on.
    public private(set) var end: End?
    private var rate: Double
    private var isRepetition = false
    private var trials = 0
    /// Rates that kept the bounds, for when one of them is not confirmed.
    private var kept: [Double] = []

    /// The rates are next to each other when the higher one is this much higher at most.
    public static let precision = 0.05
    /// Rates that are tried.
    public static let lowest = 1.0
    /// See ``lowest``.
    public static let highest = 1_000_000.0
    /// Doubling from the lowest to the highest, halving the rest, and repetitions.
    public static let trialLimit = 60

    /// - Parameter start: The first rate, in requests a second.
    public init(from start: Double) { rate = min(max(start, Self.lowest), Self.highest) }

    /// The next trial; `nil` when the search has ended.
    public var next: Trial? {
        if end != nil { return nil }
        return Trial(ratePerSecond: rate, isConfirmation: isConfirming)
    }

    /// The lowest rate that the search stays below.
    private var ceiling: Double? { [firstMissed, firstUnknown].compactMap { $0 }.min() }

    private var isNarrow: Bool {
        guard let lastKept, let ceiling else { return false }
        return ceiling <= lastKept * (1 + Self.precision)
    }

    private var isConfirming: Bool { rate == lastKept }

    /// Takes what the trial that was next has shown.
    public mutating func take(_ outcome: Outcome) {
        guard let trial = next else { return }
        trials += 1
        if outcome == .unknown, !isRepetition {
            isRepetition = true
        } else {
            isRepetition = false
            note(outcome, trial)
        }
        if end == nil, trials >= Self.trialLimit { end = .unfinished }
    }

    private mutating func note(_ outcome: Outcome, _ trial: Trial) {
        switch outcome {
        case .kept:
            if trial.isConfirmation { return finish() }
            kept.append(rate)
            lastKept = rate
        case .missed:
            firstMissed = min(firstMissed ?? rate, rate)
            forget()
        case .unknown:
            firstUnknown = min(firstUnknown ?? rate, rate)
            forget()
        }
        choose()
    }

    /// What was kept at this rate or above in a shorter trial does not count any more.
    private mutating func forget() {
        kept.removeAll { $0 >= rate }
        lastKept = kept.max()
    }

    private mutating func choose() {
        guard let lastKept else {
            if rate <= Self.lowest {
                end = firstMissed == nil ? .nothingKnown : .nothingHolds
            } else {
                rate = max(Self.lowest, rate / 2)
            }
            return
        }
        guard let ceiling else {
            // The highest rate is confirmed like any other.
            rate = min(Self.highest, lastKept * 2)
            return
        }
        rate = isNarrow ? lastKept : (lastKept + ceiling) / 2
    }

    private mutating func finish() {
        isConfirmed = true
        guard ceiling != nil else {
            end = .ceilingReached
            return
        }
        end = (firstMissed ?? .infinity) <= (firstUnknown ?? .infinity) ? .found : .generatorLimited
    }

    /// Ends it before its end.
    public mutating func stop() { if end == nil { end = .unfinished } }

    /// How far the rates are apart: the share by which the higher one is higher; `nil` without both.
    public var distance: Double? {
        guard let lastKept, let firstMissed else { return nil }
        return (firstMissed - lastKept) / lastKept
    }
}
