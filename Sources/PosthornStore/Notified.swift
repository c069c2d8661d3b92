/// What became of word of an exhausted delivery.
public enum Notified: Sendable, Equatable {
    /// It stands in a mail.
    case queued
    /// There is nobody to tell, which was counted.
    case nobody
    /// This round was told before, or the delivery is not exhausted.
    case notNeeded
}
