#if PostgreSQL
import PosthornStore

@testable import Posthorn
@testable import PosthornPostgres

/// One engine of a simulation: what its threads know, by a clock of its own.
struct SimulatedEngine {
    /// How fast its clock runs, in ten thousandths.
    private let rate: Int64
    private let offset: Int64
    private(set) var id: Int64?
    private(set) var isGone = false
    private(set) var frozenUntil: Int64 = 0
    private(set) var cutUntil: Int64 = 0
    /// Since when nothing has happened to it.
    private(set) var wellSince: Int64 = 0

    /// The next look of the thread that beats, and how many there were in its session.
    var nextLook: Int64 = 0
    var looks = 0
    /// A beat that is on its way, by when it arrives and when it was sent.
    var beatUnderWay: (arrives: Int64, sent: Int64)?
    /// When the last beat that was answered had been sent.
    var beganAt: Int64?
    var observer = BeatObserver()

    /// The next turn of the writer's thread, and what it has read for it.
    var nextTurn: Int64 = 0
    var reading: (engines: [Int64], owners: [Int: Int64])?
    var book = LeaseBook()
    /// Until when requests of a shard that is asked back are under way.
    var drained: [Int: Int64] = [:]

    init(rate: Int64, offset: Int64, at now: Int64) { (self.rate, self.offset, wellSince) = (rate, offset, now) }

    func clock(_ now: Int64) -> Int64 { offset + now / 10_000 * rate }

    func isRunning(_ now: Int64) -> Bool { !isGone && frozenUntil <= now }

    func isWell(_ now: Int64) -> Bool { isRunning(now) && cutUntil <= now && id != nil }

    mutating func end() { isGone = true }

    mutating func freeze(until moment: Int64) { (frozenUntil, wellSince) = (max(frozenUntil, moment), max(wellSince, moment)) }

    /// Its statements are not answered; the last one of them is waited for a while longer.
    mutating func cut(until moment: Int64, andFor timeout: Int64) {
        (cutUntil, wellSince) = (max(cutUntil, moment), max(wellSince, moment + timeout))
    }

    mutating func mend(at now: Int64) { (frozenUntil, cutUntil, wellSince) = (0, 0, now) }

    mutating func join(_ id: Int64, at clock: Int64, _ now: Int64) {
        (self.id, wellSince) = (id, max(wellSince, now))
        (beganAt, beatUnderWay, looks, nextLook, reading) = (clock, nil, 0, clock, nil)
        observer = BeatObserver()
        book = LeaseBook()
        drained = [:]
    }

    /// The sessions were given up; the next one begins with a beat.
    mutating func loseSessions(until clock: Int64) { (nextLook, nextTurn, looks, beatUnderWay, reading) = (clock, clock, 0, nil, nil) }

    /// The shards of which its senders would start a request now: they ask the clock before each, whatever its other threads do.
    func startable(at now: Int64) -> ShardSet {
        guard isRunning(now), let end = book.lease.endsAt, clock(now) < end else { return .none }
        return book.lease.startable
    }
}
#endif
