import Glibc

/// FNV-1a with 64 bits and a last stir: the same bytes give the same number in every run, which Swift's `Hasher` does not.
/// For seeds and for telling ids apart; no defence against chosen collisions.
struct StableHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // Parts are kept apart: "ab", "c" is not "a", "bc".
        state = (state ^ 0xFF) &* 0x100_0000_01B3
    }

    /// The finished hash (SplitMix64's last steps spread the bits).
    var value: UInt64 {
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A generator whose whole state is its seed: SplitMix64 as a value, for pure functions.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A generator for one thing out of many: the same seed and name give the same numbers.
    init(seed: UInt64, _ name: String, _ number: UInt64 = 0) {
        var hash = StableHash()
        hash.add(name.utf8)
        state = seed ^ hash.value &+ number &* 0xD1B5_4A32_D192_ED03
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Exponentially distributed with mean 1: distances of independent events. 1 - fraction is above 0, so its logarithm is finite.
    mutating func exponential() -> Double { -log(1 - fraction()) }

    /// At least 0, below 1.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
