/// What one call has made of further attempts that a clock had put off.
public struct RedatedRetries: Sendable, Equatable {
    /// How many it has brought nearer.
    public let count: Int
    /// Where the next call begins; `nil` when all were looked at.
    public let next: RetryPosition?

    package init(count: Int = 0, next: RetryPosition? = nil) { (self.count, self.next) = (count, next) }
}
