import PosthornModel
package import PosthornStore

extension ScopedOutbox {
    /// Tries a delivery of the tree again now; see ``Outbox/retry(_:wholeRound:atCurrentURL:)``.
    /// - Throws: ``ScopeProblem`` when its state allows none.
    package func retry(_ number: Int64, wholeRound: Bool, atCurrentURL: Bool) throws -> RetryReport {
        _ = try delivery(number)
        let report = try outbox.retry(.deliveries([number]), wholeRound: wholeRound, atCurrentURL: atCurrentURL)
        try refuse(number, report.refused, report.unknown, "is tried again")
        return report
    }

    /// Sends a delivery of the tree again that was delivered; see ``Outbox/resend(_:)``.
    /// - Throws: ``ScopeProblem`` when its state allows none.
    package func resend(_ number: Int64) throws {
        _ = try delivery(number)
        let report = try outbox.resend(.deliveries([number]))
        try refuse(number, report.refused, report.unknown, "is sent again")
    }

    /// Takes a delivery of the tree back; see ``Outbox/cancel(_:)``.
    /// - Throws: ``ScopeProblem`` when its state allows none.
    package func cancel(_ number: Int64) throws {
        _ = try delivery(number)
        let report = try outbox.cancel(.deliveries([number]))
        try refuse(number, report.refused, report.unknown, "is cancelled")
    }

    private func refuse(_ number: Int64, _ refused: [RetryReport.Refusal], _ unknown: [Int64], _ what: String) throws(ScopeProblem) {
        if unknown.contains(number) { throw Self.unknown("delivery", String(number)) }
        guard let refusal = refused.first else { return }
        if refusal.lacksData {
            throw ScopeProblem.conflict(
                "the data of the delivery's event was dropped, so it cannot be sent; emit the event again under another id"
            )
        }
        throw ScopeProblem.conflict("the delivery is \(refusal.state.rawValue); no delivery in that state \(what)")
    }

    /// The figures of the whole outbox, whose nodes and endpoints are counted as lists know them.
    package func status() throws -> OutboxStatus {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            var status = try reader.status(at: now, countsTopology: false)
            status.nodes = Int64(view.nodesByID(within: nil).count)
            for (state, count) in view.endpointList(within: nil).counts { status.endpoints[state] = Int64(count) }
            return status
        }
    }
}
