import PosthornFormats
import PosthornModel
import PosthornStore
package import PosthornText

extension ScopedOutbox {
    /// The request of a delivery of the tree as it was sent last or, before the first attempt and while further ones come, as it would
    /// be sent next.
    package func request(of number: Int64) throws -> DeliveryRequest {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            guard let row = try reader.visibleDelivery(number), isVisible(row, view) else {
                throw Self.unknown("delivery", String(number))
            }
            guard let event = try reader.event(id: row.delivery.event)?.event,
                let endpoint = try reader.endpoint(id: row.delivery.endpoint), let revision = try reader.revision(row.revision)
            else { return .impossible("the outbox has no event or endpoint of it any more") }
            if !event.hasData { return .impossible("the event's data was dropped, as run --keep-payloads says") }
            if let fault = endpoint.fault { return .impossible("the endpoint cannot be used (\(fault.problem.code.rawValue))") }
            return Self.compose(row.delivery, event, endpoint.settings, revision, at: now)
        }
    }

    /// Pinned to the URL, method and envelope of its acceptance; all else is the endpoint's newest, as an engine has it.
    private static func compose(
        _ delivery: Delivery,
        _ event: Event,
        _ settings: EndpointSettings,
        _ revision: StoredRevision,
        at now: Timestamp
    ) -> DeliveryRequest {
        var settings = settings
        if !revision.isDamaged {
            (settings.url, settings.method, settings.envelope) = (revision.url, revision.method, revision.envelope)
        }
        let goesOn = delivery.state == .pending || delivery.state == .held
        let attempt = goesOn || delivery.attempts == 0 ? delivery.attempts + 1 : delivery.attempts
        let moment = goesOn ? delivery.nextAttemptAt.map { max($0, now) } ?? now : delivery.last?.ended ?? now
        do throws(InputProblem) {
            let composer = try EndpointComposer(settings.withCalledURL, now: moment)
            try composer.check(type: event.type, data: event.data)
            var request = OutboundRequest()
            try composer.compose(AcceptedEvent(event), attempt: attempt, at: moment, into: &request)
            return .composed(ShownRequest(request, settings, SecretRedactor(settings, composer), of: event), attempt: attempt)
        } catch {
            return .impossible("the event cannot be sent so: \(error.reason)")
        }
    }
}

extension JSONLine {
    /// A request to a receiver, secrets hidden.
    package init(_ request: ShownRequest, attempt: Int) {
        self.init()
        add("attempt", attempt)
        addRequest(request.method, url: request.url, headers: request.headers.map { ($0.name, $0.value) }, body: request.body)
    }
}
