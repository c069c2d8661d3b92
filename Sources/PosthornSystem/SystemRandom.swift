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
