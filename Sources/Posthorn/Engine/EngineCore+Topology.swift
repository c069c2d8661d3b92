import PosthornModel
import PosthornSending
import PosthornStore
import PosthornText

extension EngineCore {
    /// Follows the directory, which emits and `apply` in this process bring up to date as well.
    func noticeTopology(_ store: any EngineJournal) throws(OutboxProblem) {
        if directoryVersion == directory.version { return }
        try dropLiftedThrottles(store)
        var changes = directory.takeChanges()
        // An engine that starts has followed nothing yet.
        if directoryVersion == 0 { changes.isWhole = true }
        directoryVersion = directory.version
        let gone = directory.takeVacated()
        for place in gone { forget(place.index) }
        window.grow(to: directory.placeCount)
        mayHaveHeld = true
        let changed = changes.isWhole ? directory.entries : changes.indices.compactMap(directory.entry)
        let inactive = Set(changed.filter { !$0.isActive && $0.stored.state != .removed }.map(\.stored.key))
        if !inactive.isEmpty { pool.recall(keys: inactive) }
        // What is due later would keep this run from ending until then.
        if configuration.untilSettled { stopped.formUnion(inactive) }
        stopped.subtract(changed.filter(\.isActive).map(\.stored.key))
        // A sender remembers what is gone, though it may have nothing of it any more.
        let removed = changed.filter { $0.stored.state == .removed }.map(\.stored.key) + gone.map(\.key)
        if !removed.isEmpty { pool.recall(keys: Set(removed), forgetting: true) }
        handshakes?.update(directory.unverified.filter { leases.mayStart($0.key) })
        let faults = directory.faults
        let faultNews = faultWatch.update(faults)
        // Also what is not new: whoever wrote the endpoint again has struck it from what stands there.
        if !faultNews.isEmpty || !faults.isEmpty { hasFaultNews = true }
        for event in faultNews { listeners.tell(event) }
        listeners.tell(.topologyRead(endpoints: directory.presentCount))
    }

    /// An endpoint's place is vacant, or another's by now.
    private func forget(_ endpoint: Int) {
        window.forget(endpoint)
        ready.forget(endpoint)
        retries.forget(endpoint)
        throttles.forget(endpoint)
        pulse.forget(endpoint)
    }
}
