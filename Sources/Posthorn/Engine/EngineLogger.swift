import Glibc
import PosthornSystem
import PosthornText

/// Where an engine's log goes. A few lines hand it to a logging library; ``StandardErrorLogger`` needs none.
public protocol EngineLogger: Sendable {
    /// Takes what happened, one event after the other, on a thread of its own; it may call the engine and the outbox. While it does not
    /// return, events wait for it up to a bound, and ``EngineEvent/eventsDropped(count:)`` counts the others.
    func log(_ event: EngineEvent)
}
