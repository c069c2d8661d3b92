#if PostgreSQL
import PosthornStore

/// Has the writer's thread look at the outbox every few milliseconds: a look costs less than a notice with every commit would, which
/// PostgreSQL makes one after the other.
final class PostgresSignal: ChangeSignal {
    /// How long to wait between two looks.
    static let lookMilliseconds: Int64 = 20

    /// None.
    var descriptor: Int32 { -1 }
    func drain() {}
    func delayMilliseconds() -> Int64 { Self.lookMilliseconds }
}
#endif
