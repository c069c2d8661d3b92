import PosthornModel
import PosthornStore
import PosthornText

extension Tables {
    /// Whether a filter asks for a delivery, but for where its list begins and ends.
    func matches(_ row: DeliveryRow, _ filter: DeliveryFilter) -> Bool {
        guard let event = event(row.event)?.event, let revision = revision(row.revision) else { return false }
        if let state = filter.state, state != row.state { return false }
        if let endpoint = filter.endpoint {
            guard let stored = self.endpoint(ofRevision: row.revision), Self.isSame(stored.settings.id, endpoint) else { return false }
        }
        if let nodes = filter.wantedNodes, !nodes.contains(where: { Self.isSame($0, event.node) }) { return false }
        if !filter.errors.isEmpty {
            let newest = attempts[row.id]?.last { $0.number == row.attempts }?.outcome.error
            guard let newest, filter.errors.contains(newest) else { return false }
        }
        if !filter.statusClasses.isEmpty {
            let newest = attempts[row.id]?.last { $0.number == row.attempts }?.outcome.status
            guard let newest, filter.statusClasses.contains(newest / 100) else { return false }
        }
        if row.attempts < filter.attemptsAtLeast { return false }
        if let type = filter.type, !type.matches(event.type) { return false }
        if let id = filter.event, !Self.isSame(id, event.id) { return false }
        if let since = filter.since, event.created < since { return false }
        if let until = filter.until, event.created >= until { return false }
        if filter.lacksData, self.event(row.event)?.digest == nil { return false }
        return !filter.waitsElsewhere || (row.waits && newestRevision(ofEndpoint: revision.endpoint)?.key != row.revision)
    }

    func status(at now: Timestamp, engine: Int32?) -> OutboxStatus {
        var status = OutboxStatus()
        status.count(routed: Int64(events.count - arrivals.count), arrivals: Int64(arrivals.count))
        status.nodes = Int64(nodes.count)
        for row in deliveries { status.deliveries[row.state, default: 0] += 1 }
        for row in endpoints { status.endpoints[row.state, default: 0] += 1 }
        // An event that says it happens later has waited since it was accepted.
        status.oldestReady = deliveries.first(where: \.isReady).flatMap { row in
            [event(row.event)?.event.created, row.due].compactMap { $0 }.min()
        }
        status.nextRetry = deliveries.filter(\.isRetry).compactMap(\.due).min()
        let overdue = deliveries.filter { $0.isReady || ($0.isRetry && $0.due.map { $0 <= now } ?? false) }
        let ready = overdue.count(where: \.isReady)
        status.count(ready: Int64(ready), retries: Int64(overdue.count - ready))
        status.overdueSince = overdue.compactMap(\.due).min()
        status.engine = engine
        status.pulse = pulse
        status.upkeep = upkeep
        status.mails = mailStatus(isOwned: engine != nil)
        return status
    }

    private func mailStatus(isOwned: Bool) -> MailStatus {
        var status = MailStatus()
        for row in mails { status.counts[row.state, default: 0] += 1 }
        let waiting = mails.filter { $0.state == .waiting }
        status.next = waiting.compactMap(\.due).min()
        status.oldestUntried = waiting.filter { $0.attempts == 0 }.compactMap(\.due).min()
        status.answer = waiting.last { $0.answer != nil }?.answer
        status.refused = mails.last { $0.state == .refused }.map(queued)
        status.withoutContact = withoutContact
        status.isServed = isOwned ? servesMails : nil
        return status
    }

    func contents(ofMail key: Int64, limit: Int) -> MailContents? {
        let told = notifications.filter { $0.mail == key }
        guard let place = place(ofMail: key), let owner = self.place(ofEndpoint: mails[place].endpoint) else { return nil }
        if let notice = mails[place].notice {
            let settings = endpoints[owner].settings
            let at = mails[place].closed ?? notice.failingSince
            return MailContents(endpoint: settings.id, node: settings.node, count: 0, oldestEvent: at, deliveries: [], notice: notice)
        }
        let all = told.compactMap(exhausted)
        guard let oldest = all.map(\.created).min() else { return nil }
        return MailContents(
            endpoint: endpoints[owner].settings.id,
            node: endpoints[owner].settings.node,
            count: all.count,
            oldestEvent: oldest,
            deliveries: Array(all.prefix(limit))
        )
    }

    private func exhausted(_ notification: NotificationRow) -> ExhaustedDelivery? {
        guard let place = place(ofDelivery: notification.delivery), let event = event(deliveries[place].event)?.event else { return nil }
        return ExhaustedDelivery(
            id: notification.delivery,
            event: event.id,
            type: event.type,
            node: event.node,
            created: event.created,
            exhaustedAt: notification.created,
            url: revision(deliveries[place].revision)?.url ?? "",
            // A retry by hand since then is not part of the mail, so that a repeat is the same mail.
            attempts: (attempts[notification.delivery] ?? []).filter { $0.number <= notification.attempt }
        )
    }
}
