package import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

/// Replays: events of the past, sent again by a job that is a row. A running engine carries them out.
extension Outbox {
    /// Asks for a replay.
    /// - Parameters:
    ///   - selection: Which deliveries it is about.
    ///   - action: What is done to them.
    ///   - ratePerSecond: Deliveries a second at most, of ``Replay/rates``.
    ///   - scope: The node outside of whose tree nothing is touched; `nil` for the whole outbox.
    ///   - creator: The id of the key that asks for it.
    ///   - share: Whose share it uses of those that may go on; that of the scope's own keys when it is left out.
    /// - Returns: The replay, which begins as soon as an engine runs.
    /// - Throws: `InputProblem` for what cannot be asked for, or when too many go on.
    package func startReplay(
        _ selection: Replay.Selection,
        action: Replay.Action = .replay,
        ratePerSecond: Int = Replay.usualRate,
        scope: String? = nil,
        creator: String? = nil,
        share: String? = nil
    ) throws -> Replay {
        try startCountedReplay(selection, action: action, ratePerSecond: ratePerSecond, scope: scope, creator: creator, share: share).replay
    }

    /// The same, with what was counted.
    package func startCountedReplay(
        _ selection: Replay.Selection,
        action: Replay.Action = .replay,
        ratePerSecond: Int = Replay.usualRate,
        scope: String? = nil,
        creator: String? = nil,
        share: String? = nil
    ) throws -> (replay: Replay, forecast: ReplayForecast) {
        var replay = Replay(scope: scope, selection, ratePerSecond: ratePerSecond, created: clock.now(), creator: creator)
        replay.action = action
        replay.share = share ?? scope.map { AccessBook.share(ofNode: $0) } ?? ""
        let forecast = try self.forecast(of: replay, rowLimit: Self.countedRowLimit)
        replay.total = forecast.isWhole ? forecast.total + forecast.refused.values.reduce(0, +) : nil
        let result: Result<Replay, InputProblem> = try writer.perform { [replay] (store) throws(OutboxProblem) in
            let running = try store.runningReplays()
            if running.count >= Replay.openLimit || running.count(where: { $0.share == replay.share }) >= Replay.openLimitEach {
                return .failure(
                    InputProblem(.notAllowedNow, field: "replay", reason: "must wait: too many go on; let one end, or cancel one")
                )
            }
            return .success(try store.insert(replay))
        }
        return (try result.get(), forecast)
    }

    /// Counts what a replay would be done to. Changes nothing.
    /// - Throws: As ``startReplay(_:action:ratePerSecond:scope:creator:share:)`` does.
    package func forecast(
        _ selection: Replay.Selection,
        action: Replay.Action = .replay,
        scope: String? = nil,
        rowLimit: Int? = nil
    ) throws -> ReplayForecast {
        var replay = Replay(scope: scope, selection, created: clock.now())
        replay.action = action
        return try forecast(of: replay, rowLimit: rowLimit)
    }

    /// Rows that are looked at while a request waits.
    package static let countedRowLimit = 100_000

    private func forecast(of replay: Replay, rowLimit: Int?) throws -> ReplayForecast {
        try replay.check()
        let view = try read { try topologies.view($0) }
        let selection = replay.selection
        if let node = selection.node, view.node(node) == nil || !view.isWithin(node, replay.scope) {
            throw InputProblem(.notFound, field: "node", value: node, reason: "names no node of the hierarchy", remedy: .listNodes)
        }
        if let endpoint = selection.endpoint, view.endpoint(endpoint).map({ view.isWithin($0.settings.node, replay.scope) }) != true {
            throw InputProblem(.notFound, field: "endpoint", value: endpoint, reason: "names no endpoint", remedy: .listEndpoints)
        }
        var (replay, forecast, looked) = (replay, ReplayForecast(), 0)
        replay.through = .max
        var lastEvent: String?
        while true {
            // A page at a time, so that no reader is held for long.
            let batch = try read { [replay] in try ReplaySearch(replay: replay, view: view, reader: $0).next(room: .max) }
            forecast.add(batch, isSent: replay.action != .cancel, view, &lastEvent)
            replay.position = batch.position
            if batch.isAtEnd { return forecast }
            looked += ScopedOutbox.rowLimit
            if let rowLimit, looked >= rowLimit {
                forecast.isWhole = false
                return forecast
            }
        }
    }

    /// A replay; `nil` when there is none of that number.
    package func replay(_ number: Int64) throws -> Replay? { try read { try $0.replay(number) } }

    /// The replays, newest first, as many as are kept.
    package func replays() throws -> [Replay] {
        try read { reader in
            var all: [Replay] = []
            try reader.visitReplays(before: nil, after: nil) {
                all.append($0)
                return true
            }
            return all
        }
    }

    /// Ends a replay. What it has done stays done: what it has made due is delivered all the same.
    /// - Returns: The replay as it is then.
    /// - Throws: `InputProblem` when there is none of that number, or it is over.
    package func cancelReplay(_ number: Int64) throws -> Replay {
        let result: Result<Replay, InputProblem> = try writer.perform { [self] (store) throws(OutboxProblem) in
            guard var replay = try store.replay(number) else {
                return .failure(InputProblem(.notFound, field: "replay", value: String(number), reason: "is not known"))
            }
            guard replay.state == .running else {
                let reason = "is \(replay.state.rawValue); only a running one can be cancelled"
                return .failure(InputProblem(.notAllowedNow, field: "replay", value: String(number), reason: reason))
            }
            let now = clock.now()
            (replay.state, replay.finished) = (.cancelled, now)
            try store.update(replay)
            try tellFinished(replay, store, at: now)
            return .success(replay)
        }
        return try result.get()
    }

    /// Writes the event of a job that is over, in the transaction that ends it: at its endpoint's node, else at its own, that of the key that
    /// asked for it, or the only top of the hierarchy. Of one that is about several tops none of them is told.
    func tellFinished(_ replay: Replay, _ store: any OutboxStore, at now: Timestamp) throws(OutboxProblem) {
        let selection = replay.selection
        var node = try selection.endpoint.flatMap { (id) throws(OutboxProblem) in
            try store.currentEndpoint(id, withCredentials: false)?.settings.node
        }
        node = node ?? selection.node ?? replay.scope
        if node == nil {
            let tops = try store.topology(withCredentials: false, withRemoved: false).nodes.filter { $0.parent == nil }
            node = tops.count == 1 ? tops[0].id : nil
        }
        guard let node else { return }
        try writeOwnEvents(to: store, at: now) { (sheet, recipients) throws(OutboxProblem) in
            try sheet.add(finished: replay, node: node, at: now, recipients)
        }
    }
}

extension ReplayForecast {
    /// Counts what a reading found.
    /// - Parameters:
    ///   - isSent: Whether they would be sent, and so held where the endpoint takes none.
    ///   - lastEvent: The event that the reading before ended with: an event's deliveries stand beside each other.
    fileprivate mutating func add(_ batch: ReplayBatch, isSent: Bool, _ view: TopologyView, _ lastEvent: inout String?) {
        var found = Set(batch.deliveries.map(\.event)).union(batch.additions.map(\.eventID))
        if let lastEvent { found.remove(lastEvent) }
        events += found.count
        lastEvent = batch.deliveries.last?.event ?? batch.additions.last?.eventID ?? lastEvent
        for endpoint in batch.deliveries.map(\.endpoint) + batch.additions.flatMap(\.endpoints) {
            deliveries[endpoint, default: 0] += 1
            if isSent, view.endpoint(endpoint)?.state != .active { held[endpoint, default: 0] += 1 }
        }
        for found in batch.refused {
            refused[found.endpoint, default: 0] += 1
            if found.lacksData { dataDropped[found.endpoint, default: 0] += 1 }
        }
    }
}
