public import Posthorn
package import PosthornFormats
public import PosthornSending
import PosthornSystem
import Synchronization

/// How a simulation is played.
public struct SimulationOptions: Sendable {
    /// How many times faster than written the scenario and the retries run.
    public var speed: Double = 1
    /// How much of the scenario's beginning leaves at once, in nanoseconds of its time, as from a platform that makes up for what a
    /// receiver has missed.
    public var backfillNanoseconds: Int64 = 0
    /// What the secrets are replaced by when the first attempts of the first half of the events have ended; the second half
    /// leaves after that. `nil` to leave them.
    public var nextSecret: String?
    /// Webio: a text whose `<<fields>>` receivers are asked for before each message; `nil` to ask for nothing.
    public var question: String?
    /// Which addresses may be reached, and limits.
    public var sender = SenderConfiguration()
    /// How mails about exhausted deliveries are sent; without it they wait in the outbox.
    public var mail: MailConfiguration?
    /// Whether a receiver's `Retry-After` holds its endpoint back.
    public var honoursRetryAfter = true
    /// Whose requests they are, where a file describes the vendor; its own format and signatures then, and what it takes for a success.
    package var vendor: FileVendor?

    /// Real time, and no extras.
    public init() {}
}
