#if PostgreSQL
/// When an engine looks for news by itself, and when it leaves that to notices: pure.
struct NoticePace: Equatable {
    /// Between two looks of an engine that no commit would wake.
    static let lookMilliseconds: Int64 = 20
    /// The same, shortly after a notice, or while commits are under way: more will come.
    static let quickLookMilliseconds: Int64 = 5
    /// The same, while news has only just come: the next is likely to come at once.
    static let eagerLookMilliseconds: Int64 = 1
    /// How long that is so.
    static let eagerNanoseconds: Int64 = 20_000_000
    /// The same, of one that notices have woken before.
    static let trustingLookMilliseconds: Int64 = 250
    /// How long after a notice an engine stays awake: under load no commit has to notify.
    static let awakeNanoseconds: Int64 = 100_000_000

    /// Whether the session can have notices at all; `nil` before it was asked.
    var canListen: Bool?
    /// Whether a notice has come the last time that there was news.
    private(set) var isTrusted = false
    /// Whether every commit with news notifies now.
    private(set) var isCovered = false
    /// Whether the outbox is to be looked at once more, since it is only just covered.
    private var mustLook = false
    /// Whether what that look finds was there before.
    private var isFirstLook = false
    private var lastNotice: Int64?
    private var lastNews: Int64?

    /// Another session, over which no notice comes.
    mutating func sessionChanged() { self = NoticePace() }

    /// A notice has come in.
    mutating func noticed(at now: Int64) {
        (isTrusted, isCovered, mustLook, lastNotice, lastNews) = (true, false, true, now, now)
    }

    /// News has been found by a look.
    mutating func found(at now: Int64) { lastNews = now }

    /// News has been found, and no notice told of it.
    mutating func foundWithoutNotice() { if isCovered, !isFirstLook { isTrusted = false } }

    /// From now on commits with news notify.
    mutating func covered() {
        if !isCovered { (mustLook, isFirstLook) = (true, true) }
        isCovered = true
    }

    /// Commits that do not notify are under way still.
    mutating func commitsAreUnderWay() { isCovered = false }

    /// Whether it should be made sure that commits notify. That others see to it is asked again each time.
    func wantsLock(at now: Int64) -> Bool {
        if canListen == false || mustLook { return false }
        return lastNotice.map { now - $0 >= Self.awakeNanoseconds } ?? true
    }

    /// How long to wait at most. To be asked once before each wait.
    mutating func delayMilliseconds(at now: Int64) -> Int64 {
        if mustLook {
            mustLook = false
            return 0
        }
        isFirstLook = false
        if canListen != true { return Self.lookMilliseconds }
        if isCovered { return isTrusted ? Self.trustingLookMilliseconds : Self.lookMilliseconds }
        let isEager = lastNews.map { now - $0 < Self.eagerNanoseconds } ?? false
        return isEager ? Self.eagerLookMilliseconds : Self.quickLookMilliseconds
    }
}
#endif
