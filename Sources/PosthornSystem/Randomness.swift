import Glibc
import Synchronization

/// Where random bits come from, so that a run can be repeated from its seed.
public protocol RandomSource: Sendable {
    /// 64 random bits.
    func next() -> UInt64
}

/// The system's generator.
public struct SystemRandom: RandomSource {
    /// The system's generator.
    public init() {}

    /// 64 bits nobody can foresee.
    public func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}

/// SplitMix64 (Steele, Lea, Flood, 2014): the same seed gives the same bits. For tests and simulations, never for secrets.
public final class SeededRandom: RandomSource {
    private let state: Mutex<UInt64>

    /// A generator that starts from `seed`.
    public init(seed: UInt64) { state = Mutex(seed) }

    /// The next 64 bits of the sequence.
    public func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
