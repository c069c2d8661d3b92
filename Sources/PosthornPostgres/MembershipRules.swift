#if PostgreSQL
import PosthornStore

/// What an engine does about its membership, by what it has read and by its own clock: pure, so that a simulation runs the same rules.
enum MembershipRules {
    /// Others are looked at so often.
    static let lookMilliseconds: Int64 = 250
    /// At every fourth look the own number is counted up.
    static let looksPerBeat = 4

    /// Whether the own number is counted up at a look.
    /// - Parameter looks: How many there were since the session began.
    static func beats(atLook looks: Int) -> Bool { looks.isMultiple(of: looksPerBeat) }

    /// When the lease ends that a beat has renewed, by the clock of the engine that has sent it.
    /// - Parameter sentAt: Before it was sent.
    static func leaseEnd(sentAt: Int64) -> Int64 { sentAt + BeatObserver.leaseNanoseconds }

    /// What an engine does with what it has read.
    enum Turn: Equatable {
        /// Others have taken it for dead: it has nothing any more, and joins again under another number.
        case joinAnew
        /// It goes on by this plan.
        case follow(ShardPlan)
    }

    /// - Parameters:
    ///   - engine: Who asks.
    ///   - engines: All that have joined, read together with the owners.
    ///   - owners: Who has each shard; free ones are left out.
    static func turn(of engine: Int64, engines: [Int64], owners: [Int: Int64]) -> Turn {
        engines.contains(engine) ? .follow(ShardPlan(of: engine, among: engines, owners: owners)) : .joinAnew
    }

    /// What the engine may deliver after a turn.
    /// - Parameters:
    ///   - plan: What it followed.
    ///   - taken: What of the wanted shards it was given; in the meantime another may have taken some.
    ///   - leaseEnd: By its own clock.
    static func lease(_ plan: ShardPlan, taken: ShardSet, endsAt leaseEnd: Int64?) -> ShardLease {
        ShardLease(shards: plan.shards.union(taken), recalled: plan.recalled, endsAt: leaseEnd)
    }
}
#endif
