package import PosthornModel
package import PosthornStore
package import PosthornText

/// A part of the list of deliveries that are tried again.
package struct RetryPage: Sendable {
    /// Where a part begins.
    package enum Place: Sendable {
        /// With the one whose next attempt comes first.
        case beginning
        /// Behind this one.
        case behind(RetryPosition)
        /// Before it, ending next to it.
        case before(RetryPosition)
    }

    /// What was found, by next attempt.
    package private(set) var elements: [Delivery] = []
    /// The place behind which the list goes on; `nil` at its end.
    package private(set) var next: RetryPosition?
    /// The place before which there may be others; `nil` at the beginning.
    package private(set) var previous: RetryPosition?
    /// Up to which next attempts the deliveries were looked at, where that ended before the page was full.
    package private(set) var searchedUntil: Timestamp?

    /// - Parameters:
    ///   - elements: What was found, in the order in which it was visited.
    ///   - end: Why the reading ended, of which the time is that of a next attempt.
    ///   - place: Where it began.
    init(_ elements: [Delivery], _ end: VisitEnd, from place: Place) {
        self.elements = elements
        let rest: RetryPosition?
        switch end {
        case .atEnd: rest = nil
        case .stopped: rest = elements.last.map(Self.position)
        case .atLimit(let number, let due): (rest, searchedUntil) = (RetryPosition(due: due.milliseconds, delivery: number), due)
        }
        let first = elements.first.map(Self.position)
        switch place {
        case .beginning: next = rest
        // The one at the place itself may have been the last of the part before.
        case .behind(let known): (next, previous) = (rest, first ?? RetryPosition(due: known.due, delivery: known.delivery + 1))
        case .before(let known):
            self.elements.reverse()
            (next, previous) = (first ?? RetryPosition(due: known.due, delivery: max(0, known.delivery - 1)), rest)
        }
    }

    private static func position(of delivery: Delivery) -> RetryPosition {
        RetryPosition(due: delivery.nextAttemptAt?.milliseconds ?? 0, delivery: delivery.id)
    }
}

extension ScopedOutbox {
    /// A page of deliveries that are tried again, by their next attempts.
    /// - Parameters:
    ///   - wanted: The states, the endpoint and the event that are wanted.
    ///   - criteria: What else is.
    ///   - place: Where the page begins.
    ///   - limit: How many.
    /// - Throws: ``ScopeProblem`` when an endpoint, node or event that is asked for is not in the tree.
    package func retries(
        _ wanted: DeliveryRows,
        _ criteria: DeliveryCriteria,
        from place: RetryPage.Place,
        limit: Int
    ) throws -> RetryPage {
        var rows = RetryRows(limit: wanted.limit)
        switch place {
        case .beginning: break
        case .behind(let known): rows.after = known
        case .before(let known): rows.before = known
        }
        return try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            if let id = wanted.endpoint { _ = try endpoint(id, in: view) }
            if let id = criteria.node { _ = try node(id, in: view) }
            if let id = wanted.event { _ = try event(id, reader, view) }
            var found: [Delivery] = []
            let end = try reader.visitRetries(rows) { row in
                let delivery = row.delivery
                let isWanted =
                    (wanted.states.isEmpty || wanted.states.contains(delivery.state))
                    && (wanted.endpoint.map { Identifier.isWrittenAlike($0, delivery.endpoint) } ?? true)
                    && (wanted.event.map { $0 == delivery.event } ?? true)
                if isWanted, isVisible(row, view), criteria.isMet(by: delivery, view) { found.append(delivery) }
                return found.count < limit
            }
            return RetryPage(found, end, from: place)
        }
    }
}
