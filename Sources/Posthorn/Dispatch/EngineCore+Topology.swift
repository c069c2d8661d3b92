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
        for slot in gone { forget(slot.index) }
        dispatch.window.grow(to: directory.slotCount)
        let changed = changes.isWhole ? directory.entries : changes.indices.compactMap(directory.entry)
        followOrders(changed)
        let areAllLimitsNew = changes.isWhole || changes.areLimitsNew
        followLimits(areAllLimitsNew ? directory.entries : changed, isWhole: areAllLimitsNew)
        let inactive = Set(changed.filter { !$0.isActive && $0.stored.state != .removed }.map(\.stored.key))
        if !inactive.isEmpty { pool.recall(keys: inactive) }
        // A sender remembers what is gone, though it may have nothing of it any more.
        let removed = changed.filter { $0.stored.state == .removed }.map(\.stored.key) + gone.map(\.key)
        if !removed.isEmpty { pool.recall(keys: Set(removed), forgetting: true) }
        tell(.endpoints(directory, dispatch.leases))
        let change = EndpointsChange(changed: changed, inactive: inactive)
        for duty in duties { duty.endpointsChanged(change) }
        suspend(health.takeReturning(at: clock.now()))
        listeners.tell(.topologyRead(endpoints: directory.presentCount))
    }

    /// An endpoint's index is vacant, or another's by now.
    private func forget(_ endpoint: Int) {
        dispatch.forget(endpoint)
        throttles.forget(endpoint)
        limits.forget(endpoint)
        for duty in duties { duty.forget(endpoint) }
    }
}
