/// Values by texts, in parts: a copy shares all of them but those that are changed.
struct ShardedTable<Value: Sendable>: Sendable {
    private static var shardCount: Int { 256 }

    private var shards = [[String: Value]](repeating: [:], count: shardCount)

    private static func shard(of key: String) -> Int { Int(UInt(bitPattern: key.hashValue) % UInt(shardCount)) }

    subscript(key: String) -> Value? {
        get { shards[Self.shard(of: key)][key] }
        set { shards[Self.shard(of: key)][key] = newValue }
    }

    /// Changes the value of a key where it is; does nothing when it has none.
    mutating func update(_ key: String, _ change: (inout Value) -> Void) {
        let shard = Self.shard(of: key)
        if shards[shard][key] != nil { change(&shards[shard][key]!) }
    }

    /// Changes the value of a key, which is this one where it has none.
    mutating func update(_ key: String, from value: @autoclosure () -> Value, _ change: (inout Value) -> Void) {
        change(&shards[Self.shard(of: key)][key, default: value()])
    }
}
