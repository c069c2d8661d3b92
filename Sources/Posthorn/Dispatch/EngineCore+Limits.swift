import PosthornModel
import PosthornStore
import PosthornText
import Synchronization

/// Limits of nodes' trees, and of all endpoints together.
extension EngineCore {
    /// Follows what the hierarchy says of limits.
    /// - Parameter isWhole: Whether these are all endpoints, as after a change of a node's limits.
    func followLimits(_ changed: [EndpointDirectory.Entry], isWhole: Bool) {
        if limits.isEmpty, configuration.limits == nil, !directory.hasLimits { return }
        if isWhole {
            let seats = changed.compactMap(seat)
            for endpoint in limits.follow(whole: seats, held: dispatch.window.held, at: clock.now()) { dispatch.hasRoom(endpoint) }
            return
        }
        for entry in changed {
            guard let seat = seat(entry) else { continue }
            if limits.follow(seat, held: dispatch.window.held(seat.index)) { dispatch.hasRoom(seat.index) }
        }
    }

    private func seat(_ entry: EndpointDirectory.Entry) -> LimitBook.Seat? {
        guard let index = directory.index(ofEndpoint: entry.stored.key) else { return nil }
        let settings = entry.stored.settings
        var (all, owners) = directory.limits(of: settings.node)
        if let limits = configuration.limits, !limits.isEmpty { all.append((nil, 0, limits)) }
        return LimitBook.Seat(
            index: index,
            key: entry.stored.key,
            limits: entry.stored.state == .removed ? [] : all,
            owners: owners,
            ratePerSecond: settings.ratePerSecond,
            inFlightLimit: settings.inFlightLimit,
            isOwn: dispatch.leases.mayStart(entry.stored.key)
        )
    }

    /// Lets those be read again whose turn it is at their limits.
    func lookAtLimits(_ now: Timestamp) {
        if limits.isEmpty { return }
        let next = limits.next(at: now, waits: { dispatch.waits($0) }, isReading: { dispatch.hasCapacity($0) })
        for endpoint in next { dispatch.hasRoom(endpoint) }
    }

    /// Takes note of the limits that bind, once a second.
    func noteLimits(_ now: Timestamp) {
        guard !limits.isEmpty || heartbeat.tellsLimits, heartbeat.wantsLimits(at: now) else { return }
        let binding = limits.binding(at: now)
        heartbeat.follow(binding, at: now)
        shared.withLock { $0.bindingLimits = binding }
    }

    /// When to look at limits again; `nil` when nothing waits for time alone.
    func limitDeadline(_ now: Timestamp) -> Timestamp? {
        guard let deadline = limits.deadline(at: now) else { return nil }
        // Not at once while the reading is busy with others, whose room comes with their results.
        return dispatch.isReadingAgain ? max(deadline, now.advanced(byMilliseconds: LimitBook.intervalMilliseconds)) : deadline
    }
}
