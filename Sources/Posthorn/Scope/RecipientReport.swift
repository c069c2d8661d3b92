package import PosthornModel
import PosthornStore
package import PosthornText

/// Why one endpoint gets an event, or does not.
package struct RecipientReport: Sendable, Equatable {
    /// The answer in one word.
    package enum Verdict: String, CaseIterable, Sendable {
        /// It has a delivery.
        case sent
        /// The event's recipients are not chosen yet, and it would be one.
        case waits
        /// It would get such an event now.
        case wanted
        /// Its node's level gets no events of that type.
        case level
        /// None of its patterns matches the type.
        case pattern
        /// It would get such an event now, and did not when this one was accepted: it was made, changed or moved since.
        case changed
    }

    /// The endpoint's id.
    package let endpoint: String
    /// Its node, and that node's level; `nil` where the node is gone.
    package let node: String
    package let level: Level?
    /// Its state now.
    package let state: EndpointState
    /// The lowest level that gets events of the type.
    package let lowestLevel: Level
    /// Its patterns; empty for all types.
    package let patterns: [String]
    /// The first of them that matches; `nil` when none does, or there are none.
    package let matching: String?
    /// The delivery, if there is one.
    package let delivery: Delivery?
    /// Whether the delivery goes where the endpoint was when the event was accepted, and that is elsewhere by now.
    package let isAtFormerURL: Bool
    package let verdict: Verdict
    /// Whether it is an event that Posthorn writes itself.
    private let isOwn: Bool

    /// One sentence for people.
    package var sentence: String {
        switch verdict {
        case .sent: return Self.sentence(of: delivery, isAtFormerURL: isAtFormerURL)
        case .waits: return "gets it as soon as its recipients are chosen, which posthorn run does"
        case .wanted: return state == .active ? "gets it" : "gets it, held while it is \(state.rawValue)"
        case .level:
            return "is at a \(level?.rawValue ?? "node that is gone"), and events of this type go to a \(lowestLevel.rawValue) and above"
        case .pattern where isOwn:
            let wanted = patterns.isEmpty ? "all events" : patterns.joined(separator: ", ")
            return "wants \(wanted), and gets Posthorn's own events only where a pattern names them"
        case .pattern: return "wants \(patterns.joined(separator: ", ")), which the type does not match"
        case .changed: return "would get it now, but was made, changed or moved after the event was accepted"
        }
    }

    private static func sentence(of delivery: Delivery?, isAtFormerURL: Bool) -> String {
        guard let delivery else { return "gets it" }
        let place = isAtFormerURL ? ", at the URL that it had then" : ""
        switch delivery.state {
        case .pending where delivery.attempts == 0: return "gets it\(place); no attempt was made yet"
        case .pending: return "gets it\(place); attempts that failed so far: \(delivery.attempts), and it is tried again"
        case .held: return "gets it\(place) when it is active again"
        case .delivered: return "got it\(place)"
        case .exhausted: return "did not get it\(place): all attempts failed"
        case .cancelled: return "does not get it: the delivery was cancelled"
        }
    }

    /// Judges one endpoint.
    /// - Parameters:
    ///   - type: The event's type.
    ///   - endpoint: The endpoint as it is now.
    ///   - level: The level of its node.
    ///   - row: Its delivery of the event; `nil` without one.
    ///   - isOwn: Whether the event is one of Posthorn's own.
    ///   - moment: What is known of the event.
    init(type: String, isOwn: Bool, _ endpoint: StoredEndpoint, level: Level?, row: VisibleDelivery?, _ moment: Moment) {
        let settings = endpoint.settings
        self.endpoint = settings.id
        node = settings.node
        self.level = level
        state = endpoint.state
        lowestLevel = EventType.lowestReceivingLevel(type)
        patterns = settings.events.map(\.text)
        self.isOwn = isOwn
        let own = isOwn ? OwnEventType(rawValue: type) : nil
        matching = settings.events.first { pattern in own.map { pattern.names($0) } ?? pattern.matches(type) }?.text
        delivery = row?.delivery
        isAtFormerURL = row.map { $0.revision != endpoint.revision } ?? false
        if row != nil {
            verdict = .sent
        } else if level.map({ !Hierarchy.receives($0, type: type) }) ?? true {
            verdict = .level
        } else if !settings.wants(type, isOwn: isOwn) {
            verdict = .pattern
        } else {
            switch moment {
            case .imagined: verdict = .wanted
            case .arrived: verdict = .waits
            case .accepted: verdict = .changed
            }
        }
    }

    /// How far an event is.
    enum Moment: Sendable {
        /// It is not there at all.
        case imagined
        /// It is there, and its recipients are not chosen yet.
        case arrived
        /// It has its deliveries.
        case accepted
    }
}

extension ScopedOutbox {
    /// Why each endpoint of the tree above an event's node, and each that has a delivery of it, gets it or does not.
    package func recipients(ofEvent id: String) throws -> (event: Event, reports: [RecipientReport]) {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            let (event, waits) = try event(id, reader, view)
            var rows: [VisibleDelivery] = []
            var wanted = DeliveryRows(limit: Self.rowLimit)
            wanted.event = event.id
            _ = try reader.visitDeliveries(wanted) { row in
                if isVisible(row, view) { rows.append(row) }
                return true
            }
            let byEndpoint = Dictionary(rows.map { ($0.delivery.endpoint, $0) }, uniquingKeysWith: { newest, _ in newest })
            let moment: RecipientReport.Moment = waits ? .arrived : .accepted
            var reports = above(event.node, view).map { endpoint, level in
                RecipientReport(type: event.type, isOwn: event.isOwn, endpoint, level: level, row: byEndpoint[endpoint.settings.id], moment)
            }
            let named = Set(reports.map(\.endpoint))
            for (id, row) in byEndpoint.sorted(by: { $0.key < $1.key }) where !named.contains(id) {
                guard let endpoint = try view.endpoint(id) ?? reader.endpoint(id: id) else { continue }
                let level = view.node(endpoint.settings.node)?.level
                reports.append(RecipientReport(type: event.type, isOwn: event.isOwn, endpoint, level: level, row: row, moment))
            }
            return (event, reports)
        }
    }

    /// Why each endpoint of the tree would get an event of a type at a node, or would not. The types of Posthorn's own events are taken for
    /// those.
    package func recipients(ofType type: String, at id: String) throws -> [RecipientReport] {
        let view = try topology()
        _ = try node(id, in: view)
        let isOwn = OwnEventType(rawValue: type) != nil
        return above(id, view).map { RecipientReport(type: type, isOwn: isOwn, $0, level: $1, row: nil, .imagined) }
    }

    /// The endpoints of the tree at a node and above it, from the bottom up.
    private func above(_ id: String, _ view: TopologyView) -> [(endpoint: StoredEndpoint, level: Level)] {
        view.lineage(of: id).filter { view.isWithin($0.id, node) }.flatMap { place in
            view.endpoints(at: place.id).map { ($0, place.level) }
        }
    }
}

extension JSONLine {
    /// Why an endpoint gets an event, or does not.
    package init(_ report: RecipientReport, numbersAsText: Bool) {
        self.init()
        add("endpoint", report.endpoint)
        add("node", report.node)
        add("verdict", report.verdict.rawValue)
        add("reason", report.sentence)
        add("level", report.level?.rawValue)
        add("lowest_level", report.lowestLevel.rawValue)
        add("patterns", report.patterns)
        add("matching_pattern", report.matching)
        add("state", report.state.rawValue)
        if numbersAsText {
            add("delivery", report.delivery.map { String($0.id) })
        } else {
            add("delivery", report.delivery?.id)
        }
        add("delivery_state", report.delivery?.state.rawValue)
        add("former_url", report.isAtFormerURL)
    }
}
