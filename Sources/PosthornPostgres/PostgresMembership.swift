#if PostgreSQL
import PosthornStore
import PosthornSystem

/// What a store's engine is among those that deliver from the same outbox. Used by the store's thread alone.
final class PostgresMembership {
    let place: PostgresPlace
    /// The engine's number; `nil` before it has joined and after it has left.
    private(set) var id: Int64?
    private(set) var isAlone = false
    /// The shards that it was told of last; `nil` before it has asked.
    var leased: ShardSet?
    private var heart: PostgresHeart?
    /// Whether it has to join again: others have taken it for dead, or the server may lack what it has read.
    private(set) var isOut = false
    /// Whether its engine was told that it has nothing any more.
    private(set) var hasLetGo = false
    /// For engines that are in the way of one that wants to join.
    var observer = BeatObserver()
    /// Whether its program knows the schema; for its engine's watch.
    let schema = SchemaVerdict()

    init(_ place: PostgresPlace) { self.place = place }

    /// What it reads deliveries of.
    var shards: ShardSet { leased ?? .all }

    /// Whether others have the rest.
    var hasPart: Bool { id != nil && shards != .all }

    /// When its lease ends, by ``BootClock``.
    var endsAt: Int64? { heart.map { MembershipRules.leaseEnd(sentAt: $0.beganAt) } }

    /// Begins to live.
    /// - Parameters:
    ///   - now: When it has joined at the earliest, by ``BootClock``.
    ///   - timeline: Of the server that it has joined at.
    func joined(_ id: Int64, alone: Bool, at now: Int64, timeline: Int64?) throws(OutboxProblem) {
        do throws(SystemProblem) { heart = try PostgresHeart(of: id, in: place, since: now, timeline: timeline) } catch {
            throw OutboxProblem(.other, "the outbox \(place.name) cannot be joined: \(error)")
        }
        (self.id, isAlone, leased, isOut, hasLetGo) = (id, alone, nil, false, false)
    }

    /// What its engine has in memory is another's to deliver, or not there any more: all of it is let go of before it joins again, even
    /// if it is given the same shards.
    func mustLetGo() { if id != nil { isOut = true } }

    /// Its engine is told that it has nothing.
    func letGo() { (hasLetGo, leased) = (true, ShardSet.none) }

    /// It is not to join again.
    func stay() { (isOut, hasLetGo) = (false, false) }

    /// Ends its life.
    /// - Returns: Its number, if it had one.
    func left() -> Int64? {
        defer { (id, leased, heart) = (nil, nil, nil) }
        heart?.stop()
        return id
    }
}
#endif
