import CPosthornCurl
import PosthornModel
import PosthornSystem

// From the mailbox to the wire and back.
extension SenderThread {
    /// Takes what others have handed over.
    func readMailbox() {
        let (newOrder, letters) = mailbox.open()
        state.order = newOrder
        if var letters {
            let now = MonotonicClock.nanoseconds()
            // Taken out from the end, the first one first: a loop over them would count their references up and down.
            letters.jobs.reverse()
            while let job = letters.jobs.popLast() {
                let target = job.target
                if state.common.see(target.nodes) { hierarchyHasChanged() }
                state.turns.append(
                    job,
                    key: target.key,
                    inFlightLimit: target.inFlightLimit,
                    ratePerSecond: target.ratePerSecond,
                    now: now
                )
            }
            for name in letters.names { takeName(name.host, name.answer, now) }
            for name in letters.latenesses { takeLateness(name.host, name.lateness, now) }
            for recall in letters.recalls { giveBack(recall.keys, forgetting: recall.forgetting) }
        }
        if state.order >= .drain { giveBack(nil) }
    }

    private func hierarchyHasChanged() {
        state.connections.firstLevel = state.common.firstLevel
        state.slowShares.firstLevel = state.common.firstLevel
        state.window.isOneNodes(!state.common.areSeveral)
    }

    /// Starts what may start; says how many.
    @discardableResult
    func startDue(_ now: Int64) -> Int {
        guard state.order == .work else { return 0 }
        var started = 0
        while state.window.isOpen && mailbox.isWorking && state.starvation.mayStart(inFlight: state.window.count, now: now) {
            if var waiting = state.readied.first, state.window.mayStart(isOpening: waiting.grant.way.isOpening) {
                _ = state.readied.popFirst()
                // Its turn may have been long in coming: senders are paused while the outbox cannot be written.
                waiting.outlast(max(0, MonotonicClock.nanoseconds() - waiting.readiedNanoseconds))
                begin(waiting)
                started += 1
            } else if let next = state.connections.next(now: now, mayOpen: state.window.mayOpen) {
                started += go(next)
            } else if let called = takeStranded(now) {
                started += enter(called, now)
            } else if let next = state.slowShares.next(inFlight: state.window.count) {
                started += enter(next, now)
            } else if let next = state.parked.first, state.window.hasRoom(bytes: next.job.bytes) {
                _ = state.parked.popFirst()
                started += enter(next, now)
            } else if let (job, lane) = state.turns.take(now: now) {
                let called = Called(job: job, lane: lane)
                // Behind those that wait already, so that none of them waits for ever.
                if job.bytes > InFlightWindow.smallBytes, !state.parked.isEmpty || !state.window.hasRoom(bytes: job.bytes) {
                    state.parked.append(called)
                    continue
                }
                if !state.common.areSeveral || state.slowShares.admits(called, inFlight: state.window.count) {
                    started += enter(called, now)
                } else {
                    state.slowShares.wait(called)
                }
            } else if state.window.mayOpenMore, let next = state.connections.nextOpening(now: now) {
                started += go(next)
            } else {
                break
            }
        }
        return started
    }

    /// Starts a job, or lets it wait for a connection of its host; says how many have started.
    private func enter(_ called: Called, _ now: Int64) -> Int {
        let target = called.job.target
        let shards = ShardPlan.shards(isPlainHTTP: target.url.isPlainHTTP)
        let host = state.connections.host(of: target.host, home: target.shard, shards: shards)
        guard let grant = state.connections.start(called, at: host, now: now, mayOpen: state.window.mayOpen) else {
            state.connections.wait(called, at: host)
            return 0
        }
        start(called, grant)
        return 1
    }

    /// Starts a job that has waited for a connection, unless what room there was at its turn is taken by now.
    private func go(_ next: ConnectionTable<Called>.Start) -> Int {
        if state.common.areSeveral, !state.slowShares.admits(next.waiter, inFlight: state.window.count) {
            state.connections.cancel(next.grant)
            state.slowShares.wait(next.waiter)
            return 0
        }
        if state.window.hasRoom(bytes: next.waiter.job.bytes) {
            start(next.waiter, next.grant)
            return 1
        }
        state.connections.cancel(next.grant)
        state.parked.append(next.waiter)
        return 0
    }

    private func start(_ called: Called, _ grant: ConnectionGrant) {
        let job = called.job
        state.window.reserve(bytes: job.bytes)
        let start = MonotonicClock.nanoseconds()
        let waiting = Waiting(
            job: job,
            lane: called.lane,
            grant: grant,
            started: clock.now(),
            startedNanoseconds: start
        )
        if context.guard.proxy != nil, let text = context.guard.refusal(of: job.target.url) {
            return settle(waiting, .refusedAddress, text)
        }
        if needsName(job.target) { beginNamed(waiting) } else { begin(waiting) }
    }

    /// Settles the transfers that have ended; says how many have.
    func finishEnded() -> Int {
        var ended = 0
        while let shard = context.shards.takeEnded() {
            while let (transfer, code) = shards[shard].takeEnded() {
                finish(transfer, code)
                ended += 1
            }
        }
        return ended
    }

    func begin(_ waiting: Waiting) {
        let job = waiting.job
        let isNamed = needsName(job.target)
        // What waited for a name has used up some of its time; a number's request has not.
        let now = isNamed ? MonotonicClock.nanoseconds() : waiting.startedNanoseconds
        let isDoubted = state.reuseDoubt.holds(job.target.key, now: now)
        var waiting = waiting
        if isDoubted {
            guard let own = grantOfOwn(waiting, now) else { return }
            waiting.grant = own
        }
        state.request.reset()
        do throws(InputProblem) {
            try job.target.composer.compose(job.event, attempt: job.attempt, at: waiting.started, into: &state.request)
        } catch {
            return settle(waiting, .unbuildable, error.description)
        }
        guard let transfer = state.free.popLast() ?? makeTransfer() else {
            state.window.giveBack(bytes: waiting.job.bytes)
            state.connections.cancel(waiting.grant)
            return starve(waiting.job, waiting.lane, now)
        }
        transfer.state.job = job
        transfer.state.lane = waiting.lane
        transfer.state.grant = waiting.grant
        transfer.state.started = waiting.started
        transfer.state.startedNanoseconds = waiting.startedNanoseconds
        transfer.load(state.request, for: job.target)
        if isNamed, !pin(transfer, waiting) { return }
        state.window.start(slot: transfer.slot, isOpening: waiting.grant.way.isOpening, now: now)
        state.nextDeadline = min(state.nextDeadline, transfer.deadline(job))
        let spent = Int((now - waiting.startedNanoseconds) / 1_000_000)
        // A connection that is kept in doubt would not be used, and would push out others' idle ones.
        let timeout = max(1, job.target.timeoutMilliseconds - spent)
        addToMulti(transfer, timeout: timeout, fresh: isDoubted, keepsConnection: !isDoubted)
    }

    /// How a request goes whose endpoint's kept connections are in doubt: over one of its own. `nil` when it has to wait for that.
    private func grantOfOwn(_ waiting: Waiting, _ now: Int64) -> ConnectionGrant? {
        let grant = waiting.grant
        if grant.way.isOpening { return grant }
        let called = Called(job: waiting.job, lane: waiting.lane)
        if let own = state.connections.reopen(grant, for: called, now: now, mayOpen: state.window.mayOpen) { return own }
        state.window.giveBack(bytes: called.job.bytes)
        state.connections.cancel(grant)
        state.connections.wait(called, at: grant.host, needsOwn: true)
        return nil
    }

    /// Pins a named host's permitted addresses; settles the job and says `false` when there are none.
    private func pin(_ transfer: Transfer, _ waiting: Waiting) -> Bool {
        let url = waiting.job.target.url
        let place = namedPlace(of: waiting.job.target)
        guard case .addresses(let all) = state.names.lookUp(place.host, now: waiting.startedNanoseconds) else {
            release(transfer)
            settle(waiting, .dns, "the addresses of \(place.host) have gone out of date")
            return false
        }
        let isProxy = context.guard.proxy != nil
        switch isProxy ? .permitted(all) : context.guard.selection(from: all, isPlainHTTP: url.isPlainHTTP) {
        case .refused(let cause):
            release(transfer)
            settle(waiting, .refusedAddress, TransferVerdict.text(of: cause))
            return false
        case .permitted(let addresses):
            transfer.state.keepable = state.names.keepable(place.host)
            let shard = transfer.state.grant.way.shard
            if state.names.needsPin(place.host, port: place.port, shard: shard) {
                transfer.pin(
                    place.host,
                    port: place.port,
                    to: RouteWatch.reachable(addresses),
                    version: state.names.version(of: place.host),
                    forgetting: state.names.takeForgotten(shard: shard, telling: place.host, port: place.port)
                )
            }
            return true
        }
    }

    private func addToMulti(_ transfer: Transfer, timeout: Int, fresh: Bool, keepsConnection: Bool = true) {
        transfer.prepare(timeoutMilliseconds: timeout, endsItself: false, freshConnection: fresh, keepsConnection: keepsConnection)
        let shard = transfer.state.grant.way.shard
        state.shardUse.began(shard)
        if curl_multi_add_handle(shards[shard].multi, transfer.easy) != CURLM_OK { finish(transfer, CURLE_OUT_OF_MEMORY) }
    }

    func finish(_ transfer: Transfer, _ code: CURLcode) {
        guard let job = transfer.state.job.take() else { return }
        let now = MonotonicClock.nanoseconds()
        state.shardUse.ended(transfer.state.grant.way.shard, now: now)
        if transfer.hasLostKeptConnection(code) { state.reuseDoubt.ended(job.target.key, now: now) }
        if transfer.isToBeRepeated(code) {
            let spent = Int((now - transfer.state.startedNanoseconds) / 1_000_000)
            if spent < job.target.timeoutMilliseconds {
                transfer.state.job = job
                transfer.state.grant = state.connections.restart(
                    transfer.state.grant,
                    for: Called(job: job, lane: transfer.state.lane),
                    now: now
                )
                leaveWindow(transfer)
                state.window.start(slot: transfer.slot, isOpening: true, now: now)
                return addToMulti(transfer, timeout: job.target.timeoutMilliseconds - spent, fresh: true)
            }
        }
        if transfer.isStarved(code) {
            leaveWindow(transfer)
            state.window.giveBack(bytes: job.bytes)
            state.connections.cancel(transfer.state.grant)
            release(transfer)
            return starve(job, transfer.state.lane, now)
        }
        if let (fault, detail) = transfer.fault(code, now: now) {
            leaveWindow(transfer)
            state.window.giveBack(bytes: job.bytes)
            state.connections.cancel(transfer.state.grant)
            release(transfer)
            return strand(job, transfer.state.lane, fault, detail, now)
        }
        learnFaults(from: transfer, now)
        // libcurl reads the pins when a transfer starts; only then is it sure that later ones find them in its cache.
        if let version = transfer.state.pinnedVersion {
            let place = namedPlace(of: job.target)
            state.names.pinned(place.host, port: place.port, shard: transfer.state.grant.way.shard, version: version)
        }
        let outcome = transfer.outcome(code, nanoseconds: now)
        state.results.append(SendResult(job: job, outcome: outcome))
        leaveWindow(transfer)
        state.window.giveBack(bytes: job.bytes)
        state.connections.end(transfer.state.grant, transfer.ending(code), isNew: transfer.hasConnected, now: now)
        state.turns.finish(lane: transfer.state.lane, now: now)
        release(transfer)
    }

    private func release(_ transfer: Transfer) {
        transfer.release()
        state.free.append(transfer)
    }

    private func makeTransfer() -> Transfer? {
        guard let transfer = Transfer(slot: state.transfers.count, context: context) else { return nil }
        state.transfers.append(transfer)
        return transfer
    }

    /// Ends a job that never came onto the wire.
    func settle(_ waiting: Waiting, _ error: AttemptError, _ text: String) {
        let now = MonotonicClock.nanoseconds()
        let outcome = AttemptOutcome(
            started: waiting.started,
            durationMicroseconds: max(0, (now - waiting.startedNanoseconds) / 1000),
            error: error,
            errorText: InputProblem.printable(text)
        )
        state.results.append(SendResult(job: waiting.job, outcome: outcome))
        state.window.giveBack(bytes: waiting.job.bytes)
        state.connections.cancel(waiting.grant)
        state.turns.finish(lane: waiting.lane, now: now)
    }

    /// Gives back the jobs of these keys that are not on the wire.
    private func giveBack(_ keys: Set<Int64>?, forgetting: Bool = false) {
        let now = MonotonicClock.nanoseconds()
        var jobs: [SendJob] = []
        var kept = Fifo<Waiting>()
        let isMeant = { (waiting: Waiting) in keys?.contains(waiting.job.target.key) ?? true }
        var waiting = removeNamed(where: isMeant)
        while let next = state.readied.popFirst() {
            if isMeant(next) { waiting.append(next) } else { kept.append(next) }
        }
        state.readied = kept
        for one in waiting {
            jobs.append(one.job)
            state.window.giveBack(bytes: one.job.bytes)
            state.connections.cancel(one.grant)
            state.turns.finish(lane: one.lane, now: now)
        }
        let isCalled = { (called: Called) in keys?.contains(called.job.target.key) ?? true }
        for one in state.connections.remove(where: isCalled) + state.slowShares.remove(where: isCalled) {
            jobs.append(one.job)
            state.turns.finish(lane: one.lane, now: now)
        }
        jobs += giveBackParked(keys, now)
        jobs += giveBackStranded(keys, now)
        jobs += state.turns.removeAll(keys: keys, forgetting: forgetting)
        if !jobs.isEmpty { deliver.recalled(jobs) }
    }

    private func giveBackParked(_ keys: Set<Int64>?, _ now: Int64) -> [SendJob] {
        var jobs: [SendJob] = []
        var kept = Fifo<Called>()
        while let next = state.parked.popFirst() {
            if keys?.contains(next.job.target.key) ?? true {
                jobs.append(next.job)
                state.turns.finish(lane: next.lane, now: now)
            } else {
                kept.append(next)
            }
        }
        state.parked = kept
        return jobs
    }
}
