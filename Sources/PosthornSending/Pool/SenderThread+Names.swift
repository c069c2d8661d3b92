import PosthornModel
import PosthornSystem

// Requests whose host is a name.
extension SenderThread {
    /// Lets a job wait for its name's addresses, unless they are known.
    func beginNamed(_ waiting: Waiting) {
        let target = waiting.job.target
        let host = namedPlace(of: target).host
        switch state.names.lookUp(host, now: waiting.startedNanoseconds) {
        case .addresses: begin(waiting)
        case .failure(let text): settleUnnamed(waiting, text, waiting.startedNanoseconds)
        case .unknown(let mustAsk):
            state.names.wait(waiting, for: host, until: waiting.startedNanoseconds + patienceNanoseconds(target))
            if mustAsk {
                let mailbox = mailbox
                resolver.resolve(host, for: target.owners) { mailbox.post(host: host, $0) }
            } else {
                resolver.join(host, for: target.owners)
            }
        }
    }

    /// Whether a name has to be resolved for a request.
    func needsName(_ target: SendTarget) -> Bool {
        if let proxy = context.guard.proxy { return proxy.numericAddress == nil }
        return target.url.numericAddress == nil
    }

    /// What is connected to: the receiver, or the proxy.
    func namedPlace(of target: SendTarget) -> (host: String, port: UInt16) {
        if let proxy = context.guard.proxy { return (proxy.host, proxy.port) }
        return (target.url.host, target.url.port)
    }

    /// Ends a job whose name leads nowhere. A proxy's is this side's own matter.
    private func settleUnnamed(_ waiting: Waiting, _ text: String, _ now: Int64) {
        if context.guard.proxy == nil { settle(waiting, .dns, text) } else { strand(waiting, .proxy, now, text) }
    }

    /// How long a job waits for its name.
    private func patienceNanoseconds(_ target: SendTarget) -> Int64 {
        Int64(min(configuration.resolver.timeoutMilliseconds, target.timeoutMilliseconds)) * 1_000_000
    }

    /// A look-up that has lasted this long, or half of the job's patience, has had its chance.
    private static let chanceNanoseconds: Int64 = 2_000_000_000

    /// Takes an answer.
    func takeName(_ host: String, _ answer: NameAnswer, _ now: Int64) {
        if answer.isAboutName {
            gotThrough(.nameServers, now)
            gotThrough(nil, now)
        }
        for var waiting in state.names.take(answer, for: host, now: now) {
            switch answer {
            case .addresses:
                waiting.readiedNanoseconds = now
                state.readied.append(waiting)
            case .failure(let text): settleUnnamed(waiting, text, now)
            case .noDescriptor:
                state.window.giveBack(bytes: waiting.job.bytes)
                state.connections.cancel(waiting.grant)
                starve(waiting.job, waiting.lane, now)
            case .noRoom: strand(waiting, nil, now)
            case .noServer: strand(waiting, .nameServers, now)
            }
        }
    }

    /// Takes the jobs whose name was not resolved in time, and asks why that is so: only what a name server leaves without an
    /// answer though it was asked and answers others is the receiver's own matter, and so an attempt.
    func expireNames(_ now: Int64) {
        guard state.names.nextDeadline <= now else { return }
        let mailbox = mailbox
        for waiting in state.names.expire(now: now) {
            let host = namedPlace(of: waiting.job.target).host
            state.late[host, default: []].append(waiting)
            if state.late[host]?.count != 1 { continue }
            let chance = min(Self.chanceNanoseconds, patienceNanoseconds(waiting.job.target) / 2)
            resolver.whyLate(host, after: chance) { mailbox.post(host: host, lateness: $0) }
        }
    }

    /// Settles the jobs whose name came too late.
    func takeLateness(_ host: String, _ lateness: NameLateness, _ now: Int64) {
        for waiting in state.late.removeValue(forKey: host) ?? [] {
            switch lateness {
            case .nameIsSilent: settleUnnamed(waiting, "no name server answered for \(host) in time", now)
            case .notAsked: waitOn(waiting, now)
            case .serversAreSilent: strand(waiting, .nameServers, now)
            }
        }
    }

    /// Lets a job wait on for a name that the resolver has not got to yet, as if it had begun to wait now.
    private func waitOn(_ waiting: Waiting, _ now: Int64) {
        beginNamed(
            Waiting(
                job: waiting.job,
                lane: waiting.lane,
                grant: waiting.grant,
                started: clock.now(),
                startedNanoseconds: now
            )
        )
    }

    private func strand(_ waiting: Waiting, _ fault: MachineFault?, _ now: Int64, _ detail: String? = nil) {
        state.window.giveBack(bytes: waiting.job.bytes)
        state.connections.cancel(waiting.grant)
        strand(waiting.job, waiting.lane, fault, detail ?? "asked for \(namedPlace(of: waiting.job.target).host)", now)
    }

    /// Takes out the jobs that wait for a name, or for the reason why it is late.
    func removeNamed(where isMeant: (Waiting) -> Bool) -> [Waiting] {
        var removed = state.names.waitingCount > 0 ? state.names.remove { isMeant($1) } : []
        for host in state.late.keys {
            removed += state.late[host]?.filter(isMeant) ?? []
            state.late[host]?.removeAll(where: isMeant)
            if state.late[host]?.isEmpty == true { state.late[host] = nil }
        }
        return removed
    }

    /// Jobs that wait for a name.
    var waitingForNamesCount: Int { state.names.waitingCount + state.late.values.reduce(0) { $0 + $1.count } }
}
