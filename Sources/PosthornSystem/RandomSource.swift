/// Where random bits come from, so that a run can be repeated from its seed.
public protocol RandomSource: Sendable {
    /// 64 random bits.
    func next() -> UInt64
}
