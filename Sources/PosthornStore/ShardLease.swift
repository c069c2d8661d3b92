/// What an engine may deliver now.
public struct ShardLease: Sendable, Hashable {
    /// The shards that this engine alone delivers.
    public let shards: ShardSet
    /// Those of them that another engine waits for. Nothing more of theirs is started; they are released once nothing of theirs is
    /// under way.
    public let recalled: ShardSet
    /// From when on others may take the shards unless the lease is renewed, by `BootClock`: no request starts then, even when the thread
    /// that should renew it hangs. `nil` for a lease that ends with its process.
    public let endsAt: Int64?

    /// Creates a lease.
    public init(shards: ShardSet, recalled: ShardSet = .none, endsAt: Int64? = nil) {
        self.shards = shards
        self.recalled = recalled
        self.endsAt = endsAt
    }

    /// Of an engine that has not joined, or waits for shards.
    public static let none = ShardLease(shards: .none)
    /// Of the only engine.
    public static let all = ShardLease(shards: .all)

    /// The shards of which deliveries may be started.
    public var startable: ShardSet { shards.subtracting(recalled) }
}
