import PosthornText
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

/// A `SeededGenerator` behind a lock: the same seed gives the same bits. For tests and simulations, never for secrets.
public final class SeededRandom: RandomSource {
    private let generator: Mutex<SeededGenerator>

    /// A generator that starts from `seed`.
    public init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

    /// The next 64 bits of the sequence.
    public func next() -> UInt64 { generator.withLock { $0.next() } }
}
