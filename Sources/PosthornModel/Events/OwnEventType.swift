/// The types of the events that Posthorn writes itself, of what becomes of endpoints, deliveries and replays. They go out as any other event,
/// to endpoints that ask for them by name.
public enum OwnEventType: String, CaseIterable, Sendable {
    /// Several attempts of an endpoint have failed in a row.
    case endpointFailing = "endpoint.failing"
    /// An endpoint is left alone but for a probe now and then.
    case endpointSuspended = "endpoint.suspended"
    /// An endpoint of which one of the others was told is healthy again.
    case endpointRecovered = "endpoint.recovered"
    /// An endpoint is switched off, by the engine or by hand.
    case endpointDisabled = "endpoint.disabled"
    /// The last attempt of a delivery has failed.
    case deliveryExhausted = "delivery.exhausted"
    /// A replay, or another job of many deliveries, is over.
    case replayFinished = "replay.finished"

    /// The start of the ids of such events. Events that are handed in cannot have it.
    public static let idPrefix = "posthorn:"

    /// What it is about: the word before the dot.
    var subject: Substring { rawValue.prefix { $0 != "." } }
}

extension Event {
    /// Whether Posthorn has written it itself: by its id, since a platform may have types of the same names.
    public var isOwn: Bool { id.utf8.starts(with: OwnEventType.idPrefix.utf8) && OwnEventType(rawValue: type) != nil }
}

extension EventPattern {
    /// Whether it asks for Posthorn's own events of a type. A pattern does that only where it says their subject before any `*`: as
    /// `endpoint.failing` and `endpoint.*` do. `*` stands for a platform's events.
    public func names(_ type: OwnEventType) -> Bool {
        text.prefix { $0 != "*" }.hasPrefix(type.subject + ".") && matches(type.rawValue)
    }
}

extension EndpointSettings {
    /// Whether Posthorn's own events of a type are wanted; an endpoint without patterns wants none.
    public func wants(_ type: OwnEventType) -> Bool { events.contains { $0.names(type) } }

    /// Whether an event of a type is wanted.
    /// - Parameter isOwn: Whether Posthorn writes it itself.
    package func wants(_ type: String, isOwn: Bool) -> Bool {
        guard isOwn else { return wants(type) }
        return OwnEventType(rawValue: type).map { wants($0) } ?? false
    }
}
