import Posthorn
import PosthornModel
import PosthornStore
import PosthornText

/// What `retry`, `resend` and `cancel` have in common: deliveries by their numbers or by a filter, and a dry run that counts.
struct DeliveryChoice {
    /// What is done, and the states that allow it.
    let action: DeliveryAction
    let selection: DeliverySelection
    /// Whether the deliveries are to be counted and left alone.
    let isDryRun: Bool

    static let positionals: [CommandSpecification.Positional] = [
        .init(name: "DELIVERY", count: .many, summary: "numbers, as posthorn deliveries shows them; or flags that choose")
    ]

    static func flags(_ action: DeliveryAction) -> [CommandSpecification.Flag] {
        DeliveryFilterFlags.flags(DeliveryState.allCases.filter(action.states.contains)) + [
            .init("dry-run", "with flags that choose: count the deliveries by endpoint and state, and change nothing")
        ]
    }

    static let details = "Flags choose as they do for posthorn deliveries, over all endpoints unless one is named; --dry-run counts first."

    init(_ arguments: ParsedArguments, _ action: DeliveryAction) throws(UsageProblem) {
        self.action = action
        isDryRun = arguments.has("dry-run")
        let numbers = arguments.positionals
        guard !DeliveryFilterFlags.given(arguments).isEmpty else {
            if numbers.isEmpty || isDryRun {
                let missing = numbers.isEmpty ? "name deliveries by their numbers, or choose some" : "--dry-run goes with flags that choose"
                throw UsageProblem("\(missing), such as --endpoint ID or --since 2h", command: arguments.command)
            }
            var unique: [Int64] = []
            var seen: Set<Int64> = []
            for text in numbers {
                let number = try AttemptsCommand.deliveryNumber(text, arguments.command)
                if seen.insert(number).inserted { unique.append(number) }
            }
            selection = .deliveries(unique)
            return
        }
        if !numbers.isEmpty {
            throw UsageProblem("give either numbers of deliveries or flags that choose, not both", command: arguments.command)
        }
        var filter = try DeliveryFilterFlags.filter(arguments)
        // An endpoint alone, and where it is now: what was meant to go elsewhere.
        filter.waitsElsewhere = action == .retryAtCurrentURL && DeliveryFilterFlags.given(arguments) == ["endpoint"]
        if let state = filter.state, !action.states.contains(state) {
            throw UsageProblem("--state: \"\(state.rawValue)\": \(Self.remedy(state, action))", command: arguments.command)
        }
        selection = .matching(filter)
    }

    /// Counts the deliveries and prints that; nothing is changed.
    func printCounts(_ outbox: Outbox, _ context: Context) throws {
        guard case .matching(let filter) = selection else { return }
        let (counts, withoutData) = try outbox.countBoth(filter, for: action)
        let dropped = withoutData.mapValues { $0.values.reduce(0, +) }
        let endpoints = Set(counts.keys).union(dropped.keys).sorted()
        if context.json {
            for endpoint in endpoints {
                let states = counts[endpoint] ?? [:]
                var line = JSONLine()
                line.add("endpoint", endpoint)
                line.add("deliveries", states.values.reduce(0, +))
                for state in DeliveryState.allCases where action.states.contains(state) { line.add(state.rawValue, states[state] ?? 0) }
                if action != .cancel { line.add("data_dropped", dropped[endpoint] ?? 0) }
                context.output.write(line)
            }
            return
        }
        let total = counts.reduce(0) { $0 + $1.value.values.reduce(0, +) }
        context.output.write("\(HumanText.count(total, "delivery", "deliveries")) would be \(verb); this was a dry run\n")
        context.output.write(Self.leftOut(dropped.values.reduce(0, +)))
        for endpoint in endpoints {
            var parts = DeliveryState.allCases.compactMap { state in
                counts[endpoint]?[state].map { "\(HumanText.grouped($0)) \(state.rawValue)" }
            }
            if let count = dropped[endpoint] { parts.append("\(HumanText.grouped(count)) not, since the data was dropped") }
            context.output.write("  \(TerminalText.text(endpoint)): \(parts.joined(separator: ", "))\n")
        }
    }

    /// Says how many deliveries a count has left out; nothing where there are none.
    static func leftOut(_ dropped: Int) -> String {
        if dropped == 0 { return "" }
        return "\(HumanText.count(dropped, "delivery", "deliveries")) cannot be sent again, since --keep-payloads has dropped the data\n"
    }

    /// Says how many exhausted deliveries of an endpoint are left where its former URL was, since they do not wait any more.
    func tellOfExhausted(_ outbox: Outbox) throws {
        guard case .matching(var filter) = selection, filter.waitsElsewhere, let endpoint = filter.endpoint else { return }
        filter.waitsElsewhere = false
        filter.state = .exhausted
        let count = try outbox.count(filter, for: action).values.reduce(0) { $0 + ($1[.exhausted] ?? 0) }
        guard count > 0 else { return }
        ErrorOutput.line(
            "posthorn: \(HumanText.count(count, "exhausted delivery is", "exhausted deliveries are")) left alone; posthorn retry "
                + "\(ShellWord.option("--endpoint", endpoint)) --state exhausted --current-url sends them too"
        )
    }

    private var verb: String {
        switch action {
        case .retry, .retryAtCurrentURL: "tried again"
        case .resend: "sent again"
        case .cancel: "cancelled"
        }
    }

    /// Says which numbers nothing was done to.
    /// - Returns: The exit status.
    func tellOfOthers(unknown: [Int64], _ refused: [RetryReport.Refusal]) -> Int32 {
        for id in unknown { ErrorOutput.line("posthorn: delivery \(id) is not known; posthorn deliveries shows them") }
        let dropped = refused.filter(\.lacksData)
        if let first = dropped.first {
            let many =
                dropped.count == 1
                ? "delivery \(first.delivery)" : "\(HumanText.grouped(dropped.count)) deliveries, the first \(first.delivery),"
            ErrorOutput.line(
                "posthorn: \(many) cannot be sent again, since --keep-payloads has dropped the data; emit the event again under another id"
            )
        }
        for refusal in refused where !refusal.lacksData {
            ErrorOutput.line(
                "posthorn: delivery \(refusal.delivery) is \(refusal.state.rawValue); \(Self.remedy(refusal.state, action))"
            )
        }
        return unknown.isEmpty && refused.isEmpty ? 0 : 1
    }

    /// What to do with a delivery whose state does not allow an action.
    static func remedy(_ state: DeliveryState, _ action: DeliveryAction) -> String {
        switch (action, state) {
        case (_, .cancelled): return "a cancelled delivery stays so; emit the event again under another id"
        case (.retry, .held), (.retryAtCurrentURL, .held): return "it goes out when its endpoint is enabled, verified or mended"
        case (.retry, .delivered), (.retryAtCurrentURL, .delivered): return "posthorn resend sends it again"
        case (.cancel, .delivered): return "what was delivered cannot be taken back"
        case (.resend, .pending): return "it was not delivered yet; posthorn retry makes it due now"
        case (.resend, .exhausted): return "it was not delivered; posthorn retry tries again"
        case (.resend, .held): return "it was not delivered; it goes out when its endpoint is enabled, verified or mended"
        case (.retry, _), (.retryAtCurrentURL, _), (.cancel, _), (.resend, .delivered): return "try again"
        }
    }

    /// The members of a report's JSON that all three have.
    static func add(unknown: [Int64], _ refused: [RetryReport.Refusal], to line: inout JSONLine) {
        line.add("unknown", numbers: unknown)
        line.add(
            "refused",
            refused.map { refusal in
                var inner = JSONLine()
                inner.add("delivery", refusal.delivery)
                inner.add("state", refusal.state.rawValue)
                inner.add("data_dropped", refusal.lacksData)
                return inner
            }
        )
    }
}
