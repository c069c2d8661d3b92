package import PosthornModel
import PosthornStore
import PosthornText

/// Replays that a key may see and ask for: those of its own node and below.
extension ScopedOutbox {
    /// Asks for a replay, which touches nothing outside of the tree; see
    /// ``Outbox/startReplay(_:action:ratePerSecond:scope:creator:share:)``.
    /// - Parameter grant: That of the key that asks for it.
    package func startReplay(
        _ selection: Replay.Selection,
        _ action: Replay.Action,
        ratePerSecond: Int,
        by grant: AccessBook.Grant
    ) throws -> Replay {
        try outbox.startReplay(
            selection,
            action: action,
            ratePerSecond: ratePerSecond,
            scope: node,
            creator: grant.keyID,
            share: grant.share
        )
    }

    /// Counts what a replay would be done to, as far as a request may wait for it. Changes nothing.
    package func forecast(_ selection: Replay.Selection, _ action: Replay.Action) throws -> ReplayForecast {
        try outbox.forecast(selection, action: action, scope: node, rowLimit: Outbox.countedRowLimit)
    }

    /// A page of replays, newest first.
    package func replays(from place: ListPlace, limit: Int) throws -> ScopedPage<Replay> {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            var page = ScopedPage<Replay>()
            var isFull = false
            try reader.visitReplays(before: place.below, after: place.above) { replay in
                if isVisible(replay, view) { page.elements.append(replay) }
                isFull = page.elements.count >= limit
                return !isFull
            }
            page.go(on: isFull ? .stopped : .atEnd, from: place, page.elements.map(\.number))
            return page
        }
    }

    /// One replay of the tree.
    package func replay(_ number: Int64) throws -> Replay {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            guard let replay = try reader.replay(number), isVisible(replay, view) else { throw Self.unknown("replay", String(number)) }
            return replay
        }
    }

    /// Ends a replay of the tree.
    /// - Throws: ``ScopeProblem`` when it is over.
    package func cancelReplay(_ number: Int64) throws -> Replay {
        _ = try replay(number)
        do { return try outbox.cancelReplay(number) } catch let problem as InputProblem {
            if problem.code == .notFound { throw Self.unknown("replay", String(number)) }
            throw ScopeProblem.conflict("the replay \(problem.reason)")
        }
    }

    /// One of a key is seen where that key's node is.
    private func isVisible(_ replay: Replay, _ view: TopologyView) -> Bool {
        guard let node else { return true }
        return replay.scope.map { view.isWithin($0, node) } ?? false
    }
}
