/// FNV-1a with 64 bits and a last stir: the same bytes give the same number in every run, which Swift's `Hasher` does not.
/// For seeds and for telling ids apart; no defence against chosen collisions.
package struct StableHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash of nothing.
    package init() {}

    /// Takes bytes in; each call is a part of its own.
    package mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // Parts are kept apart: "ab", "c" is not "a", "bc".
        state = (state ^ 0xFF) &* 0x100_0000_01B3
    }

    /// The finished hash (SplitMix64's last steps spread the bits).
    package var value: UInt64 { SeededGenerator.spread(state) }
}
