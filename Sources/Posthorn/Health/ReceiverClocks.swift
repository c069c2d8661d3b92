import PosthornModel
import PosthornSystem
import Synchronization

/// What receivers' answers to one engine say of this machine's clock. Any thread may ask.
final class ReceiverClocks: Sendable {
    private let clock: any PosthornClock
    private let samples = Mutex(SkewSamples())

    init(_ clock: any PosthornClock) { self.clock = clock }

    /// Takes note of a receiver's time, if the answer says it.
    /// - Returns: Whether this endpoint has said its time for the first time.
    func saw(_ outcome: AttemptOutcome, ofEndpoint endpoint: Int) -> Bool {
        let (now, elapsed) = (clock.now(), clock.elapsedMilliseconds())
        return samples.withLock { $0.saw(outcome, ofEndpoint: endpoint, at: now, elapsed: elapsed) }
    }

    /// Lets go of what an endpoint has said.
    func forget(_ endpoint: Int) { samples.withLock { $0.forget(endpoint) } }

    /// How far receivers' clocks are from this one now; `nil` when none has said its time.
    var skew: ClockSkew? {
        let (now, elapsed) = (clock.now(), clock.elapsedMilliseconds())
        return samples.withLock { $0.skew(at: now, elapsed: elapsed) }
    }
}
