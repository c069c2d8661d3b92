/// Some of the shards that endpoints are divided into, so that several engines can share an outbox: each endpoint is in one shard,
/// and each shard is delivered by one engine.
public struct ShardSet: Sendable, Hashable {
    /// How many shards there are. An endpoint's is fixed by its number, so this must never change.
    public static let count = 64

    /// The shard whose engine sends the mails of all.
    public static let mailShard = 0
    /// The engine that has this shard deletes what is old, of several that share an outbox.
    package static let upkeepShard = 0

    /// A bit for each shard, the lowest for the first.
    package private(set) var bits: UInt64

    private init(bits: UInt64) { self.bits = bits }

    /// These shards, numbered from 0.
    public init(_ shards: some Sequence<Int>) { bits = shards.reduce(0) { $0 | Self.bit($1) } }

    /// No shard.
    public static let none = ShardSet(bits: 0)
    /// Every shard.
    public static let all = ShardSet(bits: .max)

    /// The shard of the endpoint with a number.
    public static func shard(ofEndpoint key: Int64) -> Int { Int(UInt64(bitPattern: key) % UInt64(count)) }

    private static func bit(_ shard: Int) -> UInt64 { 1 << UInt64(shard) }

    /// Whether a shard is among them.
    public func contains(_ shard: Int) -> Bool { bits & Self.bit(shard) != 0 }

    /// Whether the shard of the endpoint with a number is among them.
    public func containsEndpoint(_ key: Int64) -> Bool { contains(Self.shard(ofEndpoint: key)) }

    /// Whether there is none.
    public var isEmpty: Bool { bits == 0 }

    /// How many there are.
    public var count: Int { bits.nonzeroBitCount }

    /// Their numbers, lowest first.
    public var numbers: [Int] { (0..<Self.count).filter(contains) }

    /// These and others.
    public func union(_ others: ShardSet) -> ShardSet { ShardSet(bits: bits | others.bits) }

    /// These without others.
    public func subtracting(_ others: ShardSet) -> ShardSet { ShardSet(bits: bits & ~others.bits) }

    /// Those that are also among others.
    public func intersection(_ others: ShardSet) -> ShardSet { ShardSet(bits: bits & others.bits) }
}
