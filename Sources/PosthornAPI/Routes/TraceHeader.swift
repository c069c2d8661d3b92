import Posthorn
import PosthornHTTP
import PosthornModel

/// The trace of a request that hands in events: that of its events too, unless they have their own.
enum TraceHeader {
    /// What a `traceparent` is; ``TraceParent/check(_:)`` says the same.
    static let pattern = "^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$"

    static let parameter = Parameter(
        name: "traceparent",
        place: .header,
        kind: .text(limitBytes: 256),
        summary: "The trace of events that say none themselves (W3C Trace Context). One that is not valid is passed over.",
        example: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    )

    /// The events with the request's trace. Proxies and clients' instrumentation add that header, so one that cannot be used is no
    /// reason to refuse events; it counts as absent (W3C Trace Context, section 3.2.2.3).
    static func passed(on head: HTTPRequestHead, to events: [NewEvent]) -> [NewEvent] {
        let values = head.headers.all(parameter.name)
        guard values.count == 1, (try? TraceParent.check(values[0])) != nil else { return events }
        return events.map { event in
            var event = event
            event.traceparent = event.traceparent ?? values[0]
            return event
        }
    }
}
