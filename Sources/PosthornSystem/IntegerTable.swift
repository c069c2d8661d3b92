/// A dictionary whose keys are numbers that nobody outside chooses, such as rows that SQLite has numbered.
///
/// Swift's own hashes its keys so that nobody can find ones that collide, at some 90 instructions a look-up, and a delivery
/// is looked up twenty times. Here one multiplication (Fibonacci hashing) spreads them.
/// Slots are probed one after the other, and a removal moves up those behind it, so that no tombstones pile up.
@frozen
public struct IntegerTable<Value> {
    @usableFromInline var keys: [Int64] = []
    /// `nil` where a slot is free.
    @usableFromInline var values: [Value?] = []
    /// The product's upper bits are the slot.
    @usableFromInline var shift: UInt64 = 64
    @usableFromInline var used = 0

    /// An empty table.
    public init() {}

    /// A table of these keys and values.
    @inlinable
    public init(_ items: [(key: Int64, value: Value)]) { for (key, value) in items { self[key] = value } }

    /// How many keys have a value.
    @inlinable
    public var count: Int { used }

    /// Whether no key has a value.
    @inlinable
    public var isEmpty: Bool { used == 0 }

    /// The value of a key.
    @inlinable
    public subscript(key: Int64) -> Value? {
        get {
            if keys.isEmpty { return nil }
            return values[slot(of: key)]
        }
        set {
            guard let newValue else {
                removeValue(forKey: key)
                return
            }
            // Half full at most, so that a key is found after one or two probes.
            if 2 * (used + 1) > keys.count { grow() }
            let slot = slot(of: key)
            if values[slot] == nil { used += 1 }
            keys[slot] = key
            values[slot] = newValue
        }
    }

    /// Takes out a key and gives back its value.
    @inlinable
    @discardableResult
    public mutating func removeValue(forKey key: Int64) -> Value? {
        if keys.isEmpty { return nil }
        var hole = slot(of: key)
        guard let removed = values[hole].take() else { return nil }
        used -= 1
        let mask = keys.count - 1
        var next = (hole + 1) & mask
        while let value = values[next] {
            // Moves up unless it would come to stand in front of its own slot.
            let wanted = home(of: keys[next])
            if (next &- wanted) & mask >= (next &- hole) & mask {
                keys[hole] = keys[next]
                values[hole] = value
                values[next] = nil
                hole = next
            }
            next = (next + 1) & mask
        }
        return removed
    }

    /// The keys with their values, in no particular order.
    @inlinable
    public var all: [(key: Int64, value: Value)] {
        zip(keys, values).compactMap { key, value in value.map { (key, $0) } }
    }

    @inlinable
    func home(of key: Int64) -> Int { Int((UInt64(bitPattern: key) &* 0x9E37_79B9_7F4A_7C15) >> shift) }

    /// Where a key is, or would be put. There must be places, and a free one among them.
    @inlinable
    func slot(of key: Int64) -> Int {
        let mask = keys.count - 1
        var slot = home(of: key)
        while values[slot] != nil && keys[slot] != key { slot = (slot + 1) & mask }
        return slot
    }

    @inlinable
    mutating func grow() {
        let old = all
        let size = max(16, 2 * keys.count)
        keys = [Int64](repeating: 0, count: size)
        values = [Value?](repeating: nil, count: size)
        shift = UInt64(64 - size.trailingZeroBitCount)
        for (key, value) in old {
            let slot = slot(of: key)
            keys[slot] = key
            values[slot] = value
        }
    }
}
