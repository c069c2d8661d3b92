public import PosthornModel
public import PosthornSending

/// How an engine runs.
public struct EngineConfiguration: Sendable {
    /// How many times faster than written the retry schedule runs; 1 in production. The same for all engines that share an outbox.
    public var speed: Double
    /// Whether the engine ends by itself once every delivery is delivered, exhausted, cancelled or held.
    public var untilSettled: Bool
    /// The senders: threads, limits, and what the egress guard lets through.
    public var sender: SenderConfiguration
    /// How mails about exhausted deliveries are sent; without it they wait in the outbox for an engine that has it.
    public var mail: MailConfiguration?
    /// How long a stopping engine waits for requests, handshakes and mails that are under way, in milliseconds. What is longer
    /// is cut off and goes out again with the next engine, without an attempt being counted.
    public var drainMilliseconds: Int64 = 30_000
    /// How long what has ended is kept; `nil` to delete nothing. It is looked for at the start and every ten minutes.
    public var retention: RetentionPolicy?
    /// When endpoints are suspended or disabled whose own settings do not say it; `nil`, as vendors' pages promise the times of their
    /// attempts, for never.
    public var health: HealthPolicy?
    /// What may go out at once to all endpoints together; `nil` for any number. Several engines that share an outbox share it too, each
    /// as much of it as it has of the endpoints.
    public var limits: DeliveryLimits?
    /// Whether a receiver's `Retry-After` holds its endpoint back.
    public var honoursRetryAfter = true
    /// Answers requests in place of sockets, in tests.
    package var transport: Transport?
    /// Answers vendors' questions to new URLs in place of sockets, in tests.
    package var handshakeTransport: HandshakeTransport?
    /// Makes an endpoint's requests in place of its own format, for a simulation of platforms whose format is no endpoint's; `nil` for
    /// its own. Asked once for each endpoint and change of it.
    package var composer: (@Sendable (EndpointSettings) -> (any RequestComposer)?)?
    /// Says what an outcome counts as, for a simulation of platforms that judge otherwise than this one; on the writer's
    /// thread, so it must be quick.
    package var outcomeOverride: (@Sendable (SendJob, AttemptOutcome) -> AttemptOutcome)?

    /// Production settings: real time, for ever, two sender threads, only public addresses over https.
    public init(
        speed: Double = 1,
        untilSettled: Bool = false,
        sender: SenderConfiguration = SenderConfiguration(),
        mail: MailConfiguration? = nil
    ) {
        self.speed = speed
        self.untilSettled = untilSettled
        self.sender = sender
        self.mail = mail
    }
}
