import PosthornStore
import PosthornSending
import PosthornSystem
import Synchronization

extension Engine {
    /// Ends in an orderly way, within a bounded time whatever receivers and mail servers do.
    /// - Parameter trouble: What is wrong with the outbox, if that is why it ends.
    /// - Throws: The trouble, or why results could not be recorded.
    func end(_ core: EngineCore, _ pool: any RequestCarrier, _ trouble: OutboxProblem?) throws {
        listeners.whenSettled(nil)
        core.startDraining()
        pool.startDraining()
        if let trouble { listeners.tell(.ownershipLost(.init(trouble))) }
        listeners.tell(.draining)
        // What is sent without an outbox to record it in would only be sent once more.
        let (allowed, isSettled) = state.withLock { state in
            (min(state.drainMilliseconds ?? .max, state.newDrainMilliseconds ?? configuration.drainMilliseconds), state.isSettled)
        }
        let patience = trouble?.leavesOutboxWhole ?? true ? max(0, allowed) : 0
        for service in core.services { service.drain(isSettled ? .finishing : .now) }
        if !pool.drain(milliseconds: patience) {
            let requests = pool.cutOff()
            if requests > 0 { listeners.tell(.drainCut(requests: requests)) }
        }
        for service in core.services { service.join(within: patience) }
        if trouble?.code == .replaced { try? outbox.writer.performAside { (store) throws(OutboxProblem) in store.saveCommitted() } }
        let problem = recordLast(core, trouble)
        outbox.writer.detach()
        core.hasLeft.store(true, ordering: .releasing)
        pool.stop()
        // The pool calls the core and the core the pool: without this neither of them, nor the outbox, would ever go away.
        core.pool = nil
        core.services = []
        let senders = pool.statistics
        let unsettled = state.withLock { state in
            state.lastSenders = senders
            state.pool = nil
            state.services = []
            return state.unsettled
        }
        listeners.tell(.stopped)
        if let problem = trouble ?? problem { throw problem }
        if let unsettled {
            throw OutboxProblem(
                unsettled.code,
                "every delivery is settled, but whether a replay or bulk job is left cannot be said: \(unsettled.message)",
                remedy: unsettled.remedy
            )
        }
    }

    /// How long a stop waits for a store that cannot be written.
    private static let recordingPatienceMilliseconds: Int64 = 5000

    /// Waits until what the senders brought is recorded. When the store cannot be written for that long, it is sent again
    /// after the next start, as after a crash.
    /// - Parameter trouble: What no waiting would mend.
    private func recordLast(_ core: EngineCore, _ trouble: OutboxProblem?) -> OutboxProblem? {
        let end = MonotonicClock.nanoseconds() + Self.recordingPatienceMilliseconds * 1_000_000
        while true {
            do throws(OutboxProblem) {
                try outbox.writer.perform { (_) throws(OutboxProblem) in }
                if core.isRecorded { return nil }
            } catch {
                if core.isRecorded { return nil }
                if error.endsEngine || error.code == trouble?.code || MonotonicClock.nanoseconds() >= end { return error }
                waker.wait(milliseconds: GroupCommitWriter.retryMilliseconds)
            }
        }
    }
}
