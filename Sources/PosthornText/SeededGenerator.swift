import Glibc

/// A generator whose whole state is its seed: SplitMix64 (Steele, Lea, Flood, 2014) as a value, for pure functions. For tests and
/// simulations, never for secrets.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// The sequence that begins at `seed`.
    package init(seed: UInt64) { state = seed }

    /// A generator for one thing out of many: the same seed and name give the same numbers.
    package init(seed: UInt64, _ name: String, _ number: UInt64 = 0) {
        var hash = StableHash()
        hash.add(name.utf8)
        state = seed ^ hash.value &+ number &* 0xD1B5_4A32_D192_ED03
        _ = next()
    }

    /// The next 64 bits of the sequence.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.spread(state)
    }

    /// The generator's last steps: spreads the bits of a number over all 64.
    static func spread(_ state: UInt64) -> UInt64 {
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Exponentially distributed with mean 1: distances of independent events. 1 - fraction is above 0, so its logarithm is finite.
    package mutating func exponential() -> Double { -log(1 - fraction()) }

    /// At least 0, below 1.
    package mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
