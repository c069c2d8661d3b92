package import PosthornModel
package import PosthornText

/// The JSON objects in which the command line and the HTTP API show replays.
extension JSONLine {
    /// A replay.
    /// - Parameters:
    ///   - now: From which its end is reckoned.
    ///   - numbersAsText: Whether its number is a string.
    package init(_ replay: Replay, at now: Timestamp, numbersAsText: Bool = false) {
        let selection = replay.selection
        self.init()
        if numbersAsText { add("id", String(replay.number)) } else { add("id", replay.number) }
        add("action", replay.action.name)
        if case .retry(let wholeRound, let atCurrentURL) = replay.action {
            add("whole_round", wholeRound)
            add("current_url", atCurrentURL)
        }
        add("state", replay.state.rawValue)
        add("node", selection.node ?? replay.scope)
        add("endpoint", selection.endpoint)
        add("event", selection.event)
        add("types", selection.types.map(\.text))
        add("states", selection.states.map(\.rawValue).sorted())
        add("errors", selection.errors.map(\.rawValue).sorted())
        add("status_classes", numbers: selection.statusClasses.sorted())
        add("attempts_min", selection.attemptsAtLeast)
        add("since", selection.since)
        add("until", selection.until)
        add("recipients", selection.recipients.rawValue)
        add("rate_per_second", replay.ratePerSecond)
        add("created", replay.created)
        add("created_by", replay.creator)
        add("done", replay.done)
        add("refused", replay.refused)
        add("left", replay.left)
        add("ends_about", replay.endsAbout(at: now))
        add("finished", replay.finished)
    }

    /// What a replay would send.
    package init(_ forecast: ReplayForecast) {
        self.init()
        add("events", forecast.events)
        add("deliveries", forecast.total)
        let endpoints = Set(forecast.deliveries.keys).union(forecast.refused.keys).sorted()
        add(
            "endpoints",
            endpoints.map { endpoint in
                var line = JSONLine()
                line.add("endpoint", endpoint)
                line.add("deliveries", forecast.deliveries[endpoint] ?? 0)
                line.add("held", forecast.held[endpoint] ?? 0)
                line.add("refused", forecast.refused[endpoint] ?? 0)
                line.add("data_dropped", forecast.dataDropped[endpoint] ?? 0)
                return line
            }
        )
        add("complete", forecast.isWhole)
    }
}
