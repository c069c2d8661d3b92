import PosthornText

/// An event on its way through the engine: made once, shared by the deliveries of all its recipients.
///
/// It is a class because a fan-out of a thousand must not copy a megabyte a thousand times.
public final class AcceptedEvent: Sendable {
    /// The event.
    public let event: Event
    /// `created` as ISO 8601 with milliseconds, made once because every attempt's body holds it.
    public let createdText: [UInt8]

    /// What is wrong with the event, if it was accepted without the library's checks and would not have passed them:
    /// SQLite lets through what receivers' parsers disagree on, such as duplicate keys or bytes that are not UTF-8, and what
    /// stands behind a NUL in a text, which its own functions do not look at.
    public let problem: InputProblem?

    /// Wraps an event that the outbox has accepted.
    /// - Parameter isChecked: Whether its id, type and data were checked; if not, they are now.
    public init(_ event: Event, isChecked: Bool = true) {
        self.event = event
        problem = isChecked ? nil : Self.problem(of: event)
        createdText = event.created.iso8601
    }

    private static func problem(of event: Event) -> InputProblem? {
        do throws(InputProblem) {
            try EventID.check(event.id)
            try EventType.check(event.type)
            try Event.checkData(event.data)
            if let traceparent = event.traceparent { try TraceParent.check(traceparent) }
            try EventHeaders.check(event.headers)
            return nil
        } catch {
            return error
        }
    }
}
