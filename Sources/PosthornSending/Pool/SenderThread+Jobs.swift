import CPosthornCurl
import PosthornModel
import PosthornSystem

// From the mailbox to the wire and back.
extension SenderThread {
    /// Takes what others have handed over.
    func readMailbox() {
        let (newOrder, letters) = mailbox.open()
        order = newOrder
        if var letters {
            let now = MonotonicClock.nanoseconds()
            // Taken out from the end, the first one first: a loop over them would count their references up and down.
            letters.jobs.reverse()
            while let job = letters.jobs.popLast() {
                let target = job.target
                if common.see(target.nodes) { hierarchyHasChanged() }
                turns.append(
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
        if order >= .drain { giveBack(nil) }
    }

    private func hierarchyHasChanged() {
        connections.firstLevel = common.firstLevel
        slowShares.firstLevel = common.firstLevel
        window.isOneNodes(!common.areSeveral)
    }

    /// Starts what may start; says how many.
    @discardableResult
    func startDue(_ now: Int64) -> Int {
        guard order == .work else { return 0 }
        var started = 0
        while window.isOpen && mailbox.isWorking && starvation.mayStart(inFlight: window.count, now: now) {
            if let waiting = readied.first, window.mayStart(isOpening: waiting.grant.way.isOpening) {
                _ = readied.popFirst()
                begin(waiting)
                started += 1
            } else if let next = connections.next(now: now, mayOpen: window.mayOpen) {
                started += go(next)
            } else if let called = takeStranded(now) {
                started += enter(called, now)
            } else if let next = slowShares.next(inFlight: window.count) {
                started += enter(next, now)
            } else if let next = parked.first, window.hasRoom(bytes: next.job.bytes) {
                _ = parked.popFirst()
                started += enter(next, now)
            } else if let (job, lane) = turns.take(now: now) {
                let called = Called(job: job, lane: lane)
                // Behind those that wait already, so that none of them waits for ever.
                if job.bytes > InFlightWindow.smallBytes, !parked.isEmpty || !window.hasRoom(bytes: job.bytes) {
                    parked.append(called)
                    continue
                }
                if !common.areSeveral || slowShares.admits(called, inFlight: window.count) {
                    started += enter(called, now)
                } else {
                    slowShares.wait(called)
                }
            } else if window.mayOpenMore, let next = connections.nextOpening(now: now) {
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
        let host = connections.host(of: target.host, home: target.shard, shards: shards)
        guard let grant = connections.start(called, at: host, now: now, mayOpen: window.mayOpen) else {
            connections.wait(called, at: host)
            return 0
        }
        start(called, grant)
        return 1
    }

    /// Starts a job that has waited for a connection, unless what room there was at its turn is taken by now.
    private func go(_ next: ConnectionTable<Called>.Start) -> Int {
        if common.areSeveral, !slowShares.admits(next.waiter, inFlight: window.count) {
            connections.cancel(next.grant)
            slowShares.wait(next.waiter)
            return 0
        }
        if window.hasRoom(bytes: next.waiter.job.bytes) {
            start(next.waiter, next.grant)
            return 1
        }
        connections.cancel(next.grant)
        parked.append(next.waiter)
        return 0
    }

    private func start(_ called: Called, _ grant: ConnectionGrant) {
        let job = called.job
        window.reserve(bytes: job.bytes)
        let start = MonotonicClock.nanoseconds()
        let waiting = Waiting(
            job: job,
            lane: called.lane,
            grant: grant,
            started: clock.now(),
            startedNanoseconds: start
        )
        if job.target.url.numericAddress != nil { begin(waiting) } else { beginNamed(waiting) }
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
        let isNamed = job.target.url.numericAddress == nil
        // What waited for a name has used up some of its time; a number's request has not.
        let now = isNamed ? MonotonicClock.nanoseconds() : waiting.startedNanoseconds
        let isDoubted = reuseDoubt.holds(job.target.key, now: now)
        var waiting = waiting
        if isDoubted {
            guard let own = grantOfOwn(waiting, now) else { return }
            waiting.grant = own
        }
        request.reset()
        do throws(InputProblem) {
            try job.target.composer.compose(job.event, attempt: job.attempt, at: waiting.started, into: &request)
        } catch {
            return settle(waiting, .unbuildable, error.description)
        }
        guard let transfer = free.popLast() ?? makeTransfer() else {
            return settle(waiting, .resources, "no memory for another request")
        }
        transfer.job = job
        transfer.lane = waiting.lane
        transfer.grant = waiting.grant
        transfer.started = waiting.started
        transfer.startedNanoseconds = waiting.startedNanoseconds
        transfer.load(request, for: job.target)
        if isNamed, !pin(transfer, waiting) { return }
        window.start(slot: transfer.slot, isOpening: waiting.grant.way.isOpening, now: now)
        nextDeadline = min(nextDeadline, transfer.deadline(job))
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
        if let own = connections.reopen(grant, for: called, now: now, mayOpen: window.mayOpen) { return own }
        window.giveBack(bytes: called.job.bytes)
        connections.cancel(grant)
        connections.wait(called, at: grant.host, needsOwn: true)
        return nil
    }

    /// Pins a named host's permitted addresses; settles the job and says `false` when there are none.
    private func pin(_ transfer: Transfer, _ waiting: Waiting) -> Bool {
        let target = waiting.job.target
        let url = target.url
        guard case .addresses(let all) = names.lookUp(url.host, now: waiting.startedNanoseconds) else {
            release(transfer)
            settle(waiting, .dns, "the addresses of \(url.host) have gone out of date")
            return false
        }
        switch context.guard.selection(from: all, isPlainHTTP: url.isPlainHTTP) {
        case .refused(let cause):
            release(transfer)
            settle(waiting, .refusedAddress, TransferVerdict.text(of: cause))
            return false
        case .permitted(let addresses):
            transfer.keepable = names.keepable(url.host)
            let shard = transfer.grant.way.shard
            if names.needsPin(url.host, port: url.port, shard: shard) {
                transfer.pin(
                    url.host,
                    port: url.port,
                    to: RouteWatch.reachable(addresses),
                    version: names.version(of: url.host),
                    forgetting: names.takeForgotten(shard: shard, telling: url.host, port: url.port)
                )
            }
            return true
        }
    }

    private func addToMulti(_ transfer: Transfer, timeout: Int, fresh: Bool, keepsConnection: Bool = true) {
        transfer.prepare(timeoutMilliseconds: timeout, endsItself: false, freshConnection: fresh, keepsConnection: keepsConnection)
        let shard = transfer.grant.way.shard
        shardUse.began(shard)
        if curl_multi_add_handle(shards[shard].multi, transfer.easy) != CURLM_OK { finish(transfer, CURLE_OUT_OF_MEMORY) }
    }

    func finish(_ transfer: Transfer, _ code: CURLcode) {
        guard let job = transfer.job.take() else { return }
        let now = MonotonicClock.nanoseconds()
        shardUse.ended(transfer.grant.way.shard, now: now)
        if transfer.hasLostKeptConnection(code) { reuseDoubt.ended(job.target.key, now: now) }
        if transfer.isToBeRepeated(code) {
            let spent = Int((now - transfer.startedNanoseconds) / 1_000_000)
            if spent < job.target.timeoutMilliseconds {
                transfer.job = job
                transfer.grant = connections.restart(transfer.grant, for: Called(job: job, lane: transfer.lane), now: now)
                leaveWindow(transfer)
                window.start(slot: transfer.slot, isOpening: true, now: now)
                return addToMulti(transfer, timeout: job.target.timeoutMilliseconds - spent, fresh: true)
            }
        }
        if transfer.isStarved(code) {
            leaveWindow(transfer)
            window.giveBack(bytes: job.bytes)
            connections.cancel(transfer.grant)
            release(transfer)
            return starve(job, transfer.lane, now)
        }
        if let (fault, detail) = transfer.fault(code, now: now) {
            leaveWindow(transfer)
            window.giveBack(bytes: job.bytes)
            connections.cancel(transfer.grant)
            release(transfer)
            return strand(job, transfer.lane, fault, detail, now)
        }
        learnFaults(from: transfer, now)
        // libcurl reads the pins when a transfer starts; only then is it sure that later ones find them in its cache.
        if let version = transfer.pinnedVersion {
            let target = job.target
            names.pinned(target.url.host, port: target.url.port, shard: transfer.grant.way.shard, version: version)
        }
        let outcome = transfer.outcome(code, nanoseconds: now)
        results.append(SendResult(job: job, outcome: outcome))
        leaveWindow(transfer)
        window.giveBack(bytes: job.bytes)
        connections.end(transfer.grant, transfer.ending(code), isNew: transfer.hasConnected, now: now)
        turns.finish(lane: transfer.lane, now: now)
        release(transfer)
    }

    private func release(_ transfer: Transfer) {
        transfer.release()
        free.append(transfer)
    }

    private func makeTransfer() -> Transfer? {
        guard let transfer = Transfer(slot: transfers.count, context: context) else { return nil }
        transfers.append(transfer)
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
        results.append(SendResult(job: waiting.job, outcome: outcome))
        window.giveBack(bytes: waiting.job.bytes)
        connections.cancel(waiting.grant)
        turns.finish(lane: waiting.lane, now: now)
    }

    /// Gives back the jobs of these keys that are not on the wire.
    private func giveBack(_ keys: Set<Int64>?, forgetting: Bool = false) {
        let now = MonotonicClock.nanoseconds()
        var jobs: [SendJob] = []
        var kept = Fifo<Waiting>()
        let isMeant = { (waiting: Waiting) in keys?.contains(waiting.job.target.key) ?? true }
        var waiting = removeNamed(where: isMeant)
        while let next = readied.popFirst() {
            if isMeant(next) { waiting.append(next) } else { kept.append(next) }
        }
        readied = kept
        for one in waiting {
            jobs.append(one.job)
            window.giveBack(bytes: one.job.bytes)
            connections.cancel(one.grant)
            turns.finish(lane: one.lane, now: now)
        }
        let isCalled = { (called: Called) in keys?.contains(called.job.target.key) ?? true }
        for one in connections.remove(where: isCalled) + slowShares.remove(where: isCalled) {
            jobs.append(one.job)
            turns.finish(lane: one.lane, now: now)
        }
        jobs += giveBackParked(keys, now)
        jobs += giveBackStranded(keys, now)
        jobs += turns.removeAll(keys: keys, forgetting: forgetting)
        if !jobs.isEmpty { deliver.recalled(jobs) }
    }

    private func giveBackParked(_ keys: Set<Int64>?, _ now: Int64) -> [SendJob] {
        var jobs: [SendJob] = []
        var kept = Fifo<Called>()
        while let next = parked.popFirst() {
            if keys?.contains(next.job.target.key) ?? true {
                jobs.append(next.job)
                turns.finish(lane: next.lane, now: now)
            } else {
                kept.append(next)
            }
        }
        parked = kept
        return jobs
    }
}
