#if PostgreSQL
import PosthornStore

/// How the shards are divided among the engines that have joined: pure. Everybody decides for itself, and all come to the same end.
struct ShardPlan: Equatable {
    /// What an engine has.
    let shards: ShardSet
    /// What is free and it is to take.
    let wanted: ShardSet
    /// What it has too much, while another has too little.
    let recalled: ShardSet
    /// Who has shards without having joined, and will not give them up: these are free as well.
    let gone: [Int64]

    /// - Parameters:
    ///   - engine: Whose plan it is.
    ///   - engines: All that have joined.
    ///   - owners: Who has each shard, read together with the engines; free ones are left out.
    init(of engine: Int64, among engines: [Int64], owners: [Int: Int64]) {
        let present = Set(engines)
        gone = Set(owners.values).subtracting(present).sorted()
        let owners = owners.filter { present.contains($0.value) }
        let shards = ShardSet(owners.filter { $0.value == engine }.keys)
        let free = ShardSet.all.subtracting(ShardSet(owners.keys))
        let parts = Self.parts(engines)
        let part = parts[engine] ?? 0
        let counts = Dictionary(grouping: owners.values) { $0 }.mapValues(\.count)
        let isAnotherShort = parts.contains { $0.value > counts[$0.key] ?? 0 }
        self.shards = shards
        wanted = ShardSet(free.numbers.prefix(max(0, part - shards.count)))
        recalled = isAnotherShort ? ShardSet(shards.numbers.suffix(max(0, shards.count - part))) : .none
    }

    /// How many shards each engine is to have: as many as any other, or one more where that does not come out even.
    private static func parts(_ engines: [Int64]) -> [Int64: Int] {
        let sorted = Set(engines).sorted()
        let (least, rest) = ShardSet.count.quotientAndRemainder(dividingBy: max(1, sorted.count))
        return Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($0.element, $0.offset < rest ? least + 1 : least) })
    }
}
#endif
