import PosthornModel
import PosthornStore
import PosthornText

/// An event that Posthorn writes itself.
struct OwnEvent {
    let type: OwnEventType
    /// Made of what it reports, so that a transaction whose end is not known writes none twice.
    let id: String
    /// Where it happened: the node of the endpoint concerned.
    let node: String
    let at: Timestamp
    let data: JSONLine

    private init(_ type: OwnEventType, _ subject: some CustomStringConvertible, node: String, at: Timestamp, data: JSONLine) {
        self.type = type
        id = "\(OwnEventType.idPrefix)\(type.rawValue):\(subject)"
        self.node = node
        self.at = at
        self.data = data
    }

    var event: Event { Event(id: id, type: type.rawValue, node: node, created: at, data: Array(data.text.utf8)) }

    /// What an endpoint's health is from now on.
    /// - Parameters:
    ///   - former: What it was.
    ///   - at: When it changed.
    ///   - cause: What brought it about, if more than the moment is to be said: within one there may be several.
    static func health(
        _ health: EndpointHealth,
        from former: EndpointHealth.State,
        of endpoint: StoredEndpoint,
        at moment: Timestamp,
        cause: String?
    ) -> OwnEvent {
        var data = JSONLine()
        data.add("endpoint", endpoint.settings.id)
        data.add("node", endpoint.settings.node)
        data.add("state", health.state.rawValue)
        data.add("former_state", former.rawValue)
        data.add("since", health.since)
        data.add("until", health.until)
        data.add("reason", health.reason.isEmpty ? nil : health.reason)
        data.add("actor", health.actor.rawValue)
        data.add("failures", health.failures)
        data.add("failing_since", health.failingSince)
        data.add("disables_at", health.disablesAt)
        let subject = "\(endpoint.key):\(cause ?? String(moment.milliseconds))"
        return OwnEvent(OwnEventType(health.state), subject, node: endpoint.settings.node, at: moment, data: data)
    }

    /// A delivery's last attempt has failed.
    /// - Parameter withheld: How many of the endpoint were not told since the last that was.
    static func exhausted(
        _ delivery: Int64,
        attempt: Int,
        _ outcome: AttemptOutcome,
        of event: Event,
        at endpoint: StoredEndpoint,
        withheld: Int
    ) -> OwnEvent {
        let ended = outcome.started.advanced(byMilliseconds: outcome.durationMicroseconds / 1000)
        var data = JSONLine()
        data.add("delivery", String(delivery))
        data.add("endpoint", endpoint.settings.id)
        data.add("node", endpoint.settings.node)
        data.add("event", event.id)
        data.add("event_type", event.type)
        data.add("event_node", event.node)
        data.add("attempts", attempt)
        data.add("error", outcome.error?.rawValue)
        data.add("status", outcome.status)
        data.add("last_attempt_at", outcome.started)
        data.add("withheld", withheld)
        return OwnEvent(.deliveryExhausted, "\(delivery):\(attempt)", node: endpoint.settings.node, at: ended, data: data)
    }

    /// What decides who gets word of an exhausted delivery, without what it says.
    static func exhaustedWithoutData(at endpoint: StoredEndpoint, _ moment: Timestamp) -> Event {
        let type = OwnEventType.deliveryExhausted.rawValue
        let id = "\(OwnEventType.idPrefix)\(type)"
        return Event(id: id, type: type, node: endpoint.settings.node, created: moment, data: Array("{}".utf8))
    }

    /// A job is over.
    static func finished(_ replay: Replay, node: String, at moment: Timestamp) -> OwnEvent {
        var data = JSONLine()
        data.add("replay", String(replay.number))
        data.add("action", replay.action.name)
        data.add("state", replay.state.rawValue)
        data.add("node", replay.selection.node)
        data.add("endpoint", replay.selection.endpoint)
        data.add("done", replay.done)
        data.add("refused", replay.refused)
        data.add("created", replay.created)
        data.add("finished", replay.finished)
        return OwnEvent(.replayFinished, replay.number, node: node, at: moment, data: data)
    }
}

extension OwnEventType {
    /// What a state of health is told as.
    init(_ state: EndpointHealth.State) {
        switch state {
        case .healthy: self = .endpointRecovered
        case .failing: self = .endpointFailing
        case .suspended: self = .endpointSuspended
        case .disabled: self = .endpointDisabled
        }
    }
}
