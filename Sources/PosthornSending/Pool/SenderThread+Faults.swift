import PosthornCurl
import PosthornSystem

/// Jobs that wait because of one of this machine's faults. They have not left, so they are no attempts, and they keep their
/// places among what their endpoints may have on the wire.
struct Stranding {
    /// `nil` for names that there was no room to ask for, which is nothing to tell.
    let fault: MachineFault?
    var gate = FaultGate()
    var jobs = Fifo<SenderThread.Called>()

    /// One for each fault.
    static var all: [Stranding] { MachineFault.allCases.map { Stranding(fault: $0) } + [Stranding(fault: nil)] }
}

// When a request cannot leave this machine.
extension SenderThread {
    /// Lets a job wait that met a fault.
    func strand(_ job: SendJob, _ lane: Int, _ fault: MachineFault?, _ detail: String, _ now: Int64) {
        guard let place = state.strandings.firstIndex(where: { $0.fault == fault }) else { return }
        state.isStranded = true
        if state.strandings[place].gate.failed(now: now) != nil, let fault { deliver.faulty(fault, detail) }
        if state.order >= .drain {
            state.turns.finish(lane: lane, now: now)
            deliver.recalled([job])
        } else {
            state.strandings[place].jobs.append(Called(job: job, lane: lane))
        }
    }

    /// The next of those that may be tried again.
    func takeStranded(_ now: Int64) -> Called? {
        if !state.isStranded { return nil }
        for place in state.strandings.indices {
            if state.strandedTries[place] == 0 {
                state.strandedTries[place] = state.strandings[place].gate.mayTry(waiting: state.strandings[place].jobs.count, now: now)
            }
            if state.strandedTries[place] > 0, let next = state.strandings[place].jobs.popFirst() {
                state.strandedTries[place] -= 1
                return next
            }
            state.strandedTries[place] = 0
        }
        return nil
    }

    /// A connection has come about, or a name server has answered: that fault is not there, or is over.
    func gotThrough(_ fault: MachineFault?, _ now: Int64) {
        guard state.isStranded, let place = state.strandings.firstIndex(where: { $0.fault == fault }) else { return }
        state.strandings[place].gate.gotThrough(now: now)
    }

    /// Says what is over.
    func checkFaults(_ now: Int64) {
        if !state.isStranded { return }
        for place in state.strandings.indices
        where state.strandings[place].gate.check(waiting: state.strandings[place].jobs.count, now: now) == .ends {
            if let fault = state.strandings[place].fault { deliver.faulty(fault, nil) }
        }
        state.isStranded = state.strandings.contains { $0.gate.isTold }
    }

    /// When there is something to try or to say again.
    var nextFaultTimer: Int64 {
        if !state.isStranded { return .max }
        return state.strandings.reduce(.max) { min($0, $1.gate.wakeUp(waiting: $1.jobs.count)) }
    }

    /// How many jobs wait.
    var strandedCount: Int { state.isStranded ? state.strandings.reduce(0) { $0 + $1.jobs.count } : 0 }

    /// What a transfer that has ended shows of the faults.
    func learnFaults(from transfer: Transfer, _ now: Int64) {
        if !transfer.hasConnected { return }
        if transfer.isTLS { tellOldAuthorities() }
        if !state.isStranded || transfer.state.address.isEmpty { return }
        gotThrough(.ports, now)
        gotThrough(.route, now)
        if context.guard.proxy != nil { gotThrough(.proxy, now) }
        if context.guard.source != nil { gotThrough(.source, now) }
        if transfer.isTLS { gotThrough(.authorities, now) }
    }

    /// A file of authorities that cannot be used any more is told once, though what it held before goes on being used.
    private func tellOldAuthorities() {
        let problem = context.tls.authorities.problem
        if (problem != nil) == state.toldOldAuthorities { return }
        state.toldOldAuthorities = problem != nil
        let path = context.tls.authorities.path
        deliver.faulty(.authorities, problem.map { "\(path) \($0.reason); what it held before is still trusted" })
    }

    /// Gives back what waits of these endpoints, or of all.
    func giveBackStranded(_ keys: Set<Int64>?, _ now: Int64) -> [SendJob] {
        if !state.isStranded { return [] }
        var jobs: [SendJob] = []
        for place in state.strandings.indices {
            var kept = Fifo<Called>()
            while let next = state.strandings[place].jobs.popFirst() {
                if keys?.contains(next.job.target.key) ?? true {
                    jobs.append(next.job)
                    state.turns.finish(lane: next.lane, now: now)
                } else {
                    kept.append(next)
                }
            }
            state.strandings[place].jobs = kept
        }
        return jobs
    }
}
