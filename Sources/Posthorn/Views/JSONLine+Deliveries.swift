package import PosthornModel
package import PosthornText

/// The JSON objects in which the command line and the HTTP API show deliveries, attempts and events.
extension JSONLine {
    /// A delivery.
    /// - Parameters:
    ///   - throttledUntil: Until when its receiver asked to be left alone, if that matters.
    ///   - numbersAsText: Whether its number is a string: JavaScript loses digits of numbers above 2^53.
    ///   - hidesAddresses: Whether it is for those who see one tree alone; see ``RefusedAddress``.
    package init(_ delivery: Delivery, throttledUntil: Timestamp?, numbersAsText: Bool = false, hidesAddresses: Bool = false) {
        self.init()
        if numbersAsText { add("id", String(delivery.id)) } else { add("id", delivery.id) }
        add("event", delivery.event)
        add("type", delivery.type)
        add("node", delivery.node)
        add("endpoint", delivery.endpoint)
        add("state", delivery.state.rawValue)
        add("attempts", delivery.attempts)
        add("created", delivery.created)
        add("next_attempt_at", delivery.nextAttemptAt)
        add("finished_at", delivery.finished)
        add("throttled_until", throttledUntil)
        add("url", MaskedURL.text(delivery.url))
        add("status", delivery.last?.status)
        add("error", delivery.last?.error?.rawValue)
        add("error_text", delivery.last.flatMap { Self.errorText($0.errorText, $0.error, hidesAddresses) })
    }

    /// An error's text; `nil` where it has none.
    static func errorText(_ text: String, _ error: AttemptError?, _ hidesAddresses: Bool) -> String? {
        if text.isEmpty { return nil }
        return hidesAddresses ? RefusedAddress.text(text, error) : text
    }

    /// An attempt.
    /// - Parameters:
    ///   - withAnswer: Whether what the receiver answered is shown.
    ///   - numbersAsText: Whether the delivery's number is a string.
    ///   - hidesAddresses: Whether it is for those who see one tree alone; see ``RefusedAddress``.
    package init(_ attempt: Attempt, withAnswer: Bool = true, numbersAsText: Bool = false, hidesAddresses: Bool = false) {
        let outcome = attempt.outcome
        self.init()
        if numbersAsText { add("delivery", String(attempt.delivery)) } else { add("delivery", attempt.delivery) }
        add("number", attempt.number)
        add("started_at", outcome.started)
        add("duration_ms", fraction: Double(outcome.durationMicroseconds) / 1000)
        add("status", outcome.status)
        add("error", outcome.error?.rawValue)
        add("error_text", Self.errorText(outcome.errorText, outcome.error, hidesAddresses))
        if withAnswer {
            // Without a whole header there is no answer; with one, an empty body is an answer too.
            let hasAnswer = outcome.status != nil || !outcome.response.isEmpty
            add("response", hasAnswer ? String(decoding: outcome.response, as: UTF8.self) : nil)
        }
        add("address", outcome.address.isEmpty ? nil : outcome.address)
    }

    /// An event without its data.
    package init(_ event: Event) {
        self.init()
        add("id", event.id)
        add("type", event.type)
        add("node", event.node)
        add("created", event.created)
    }

    /// An event, and how far it is.
    /// - Parameters:
    ///   - waitsForFanOut: Whether its recipients are not chosen yet.
    ///   - withData: Whether its headers and its data are shown.
    package init(_ event: Event, waitsForFanOut: Bool, withData: Bool = true, deliveries: [JSONLine]) {
        self.init(event)
        add("waits_for_fan_out", waitsForFanOut)
        add("traceparent", event.traceparent)
        add("data_dropped", !event.hasData)
        if withData {
            add("headers", .object(event.headers.map { .init($0.name, .string($0.shownValue)) }))
            if event.hasData { add("data", json: event.data) } else { add("data", JSONValue.null) }
        }
        add("deliveries", deliveries)
    }
}
