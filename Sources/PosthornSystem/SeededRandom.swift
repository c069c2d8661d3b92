import PosthornText
import Synchronization

/// A `SeededGenerator` behind a lock: the same seed gives the same bits. For tests and simulations, never for secrets.
public final class SeededRandom: RandomSource {
    private let generator: Mutex<SeededGenerator>

    /// A generator that starts from `seed`.
    public init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

    /// The next 64 bits of the sequence.
    public func next() -> UInt64 { generator.withLock { $0.next() } }
}
