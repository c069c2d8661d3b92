import PosthornSystem

// When the process has no descriptors, or no memory, left.
extension SenderThread {
    /// Lets a job wait that found none. It has not left, so it is no attempt.
    func starve(_ job: SendJob, _ lane: Int, _ now: Int64) {
        let change = state.starvation.failed(inFlight: state.window.count, now: now)
        if change != nil { closeIdleConnections() }
        tell(change)
        if state.order >= .drain {
            state.turns.finish(lane: lane, now: now)
            deliver.recalled([job])
        } else {
            state.parked.append(Called(job: job, lane: lane))
        }
    }

    /// Says that descriptors have run out, or that there are some again.
    func tell(_ change: Starvation.Change?) {
        if let change { deliver.starved(change == .begins) }
    }

    /// Kept connections are a luxury now: others may need what they hold. Those of handles with a request under way stay.
    private func closeIdleConnections() { renew(shards.map(\.number).filter(state.shardUse.isIdle)) }

    /// Closes connections that nobody has used for a while.
    func closeUnused(_ now: Int64) {
        if state.shardUse.nextEnd <= now { renew(state.shardUse.idle(now: now)) }
    }

    private func renew(_ idle: [Int]) {
        for number in idle {
            shards[number].renew()
            state.shardUse.closed(number)
        }
        // What libcurl was told about names went with the handles.
        state.names.forgetPins(ofShards: Set(idle))
    }
}
