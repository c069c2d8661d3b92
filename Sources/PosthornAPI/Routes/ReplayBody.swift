import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// What requests for replays, and for the other jobs on many deliveries, have in common.
enum ReplayBody {
    /// The members of a body.
    /// - Parameter states: Which states are meant when none are named.
    static func members(of action: Replay.Action, states: String) -> [(String, JSONValue)] {
        let words = DeliveryState.allCases.filter(action.states.contains).map(\.rawValue)
        return [
            ("node", Schema.described(Schema.string, "Only events at this node and below; all of the key's tree when it is left out.")),
            ("endpoint", Schema.described(Schema.string, "Only deliveries to this endpoint.")),
            (
                "types",
                Schema.described(
                    Schema.array(Schema.string, limit: Parameter.repeatLimit),
                    "Only events of one of these types or patterns."
                )
            ),
            (
                "states",
                Schema.described(
                    Schema.array(Schema.choice(words)),
                    "Only deliveries in one of these states; \(states) when it is left out."
                )
            ),
            (
                "errors",
                Schema.described(
                    Schema.array(Schema.choice(AttemptError.allCases.map(\.rawValue))),
                    "Only deliveries whose newest attempt failed with one of these."
                )
            ),
            ("event", Schema.described(Schema.string, "Only deliveries of this event.")),
            (
                "status_classes",
                Schema.described(
                    Schema.array(Schema.integer(1...9)),
                    "Only deliveries whose newest answer's status is of one of these hundreds."
                )
            ),
            ("attempts_min", Schema.described(Schema.integer(attempts), "Only deliveries with so many attempts or more.")),
            ("since", Schema.described(Schema.time, "Only events that happened then or later.")),
            ("until", Schema.described(Schema.time, "Only events that happened before then.")),
            (
                "rate_per_second",
                Schema.described(Schema.integer(Replay.rates), "Deliveries a second at most; \(action.usualRate) when it is left out.")
            ),
            ("dry_run", Schema.described(Schema.boolean, "Counts by endpoint what it would be done to, and changes nothing.")),
        ]
    }

    private static let attempts = 0...1_000_000

    static let answers = [
        Route.Answer(
            status: 201,
            description: "It is made, and begins as soon as an engine runs.",
            schema: Schema.reference("Replay"),
            example: Examples.replay,
            headers: ["Location": "Its path."]
        ),
        Route.Answer(
            status: 200,
            description: "What a dry run counted. complete is false where there is more than a request may wait for.",
            schema: Schema.reference("ReplayForecast"),
            example: Examples.replayForecast
        ),
    ]

    static let problems: [ProblemCode] = [.conflict, .malformed, .invalidBody, .unsupportedMediaType, .tooLarge]

    /// Which deliveries a body asks for.
    static func selection(_ body: BodyReader, of action: Replay.Action) throws -> Replay.Selection {
        var selection = Replay.Selection()
        selection.node = try body.text("node", limitBytes: Identifier.limitBytes)
        selection.endpoint = try body.text("endpoint", limitBytes: Identifier.limitBytes)
        let types = try body.texts("types") ?? []
        if types.count > Parameter.repeatLimit {
            let reason = "names \(types.count) types or patterns; \(Parameter.repeatLimit) may be named at most"
            throw InputProblem(.outOfRange, field: "types", reason: reason)
        }
        for (i, text) in types.enumerated() {
            do throws(InputProblem) { selection.types.append(try EventPattern(text)) } catch { throw error.at("types[\(i)]") }
        }
        selection.states = action.states
        if let words = try body.texts("states") {
            selection.states = Set(try words.enumerated().map { i, word in try Self.word(word, "states[\(i)]") })
        }
        selection.errors = Set(try (body.texts("errors") ?? []).enumerated().map { i, word in try Self.word(word, "errors[\(i)]") })
        selection.event = try body.text("event", limitBytes: 64)
        selection.statusClasses = Set(try body.integers("status_classes", 1...9) ?? [])
        selection.attemptsAtLeast = try body.integer("attempts_min", attempts) ?? 0
        selection.since = try time("since", body)
        selection.until = try time("until", body)
        return selection
    }

    /// Makes the job, or counts what it would be done to.
    static func answer(_ request: APIRequest, _ body: BodyReader, _ selection: Replay.Selection, _ action: Replay.Action) throws
        -> HTTPResponse
    {
        let rate = try body.integer("rate_per_second", Replay.rates) ?? action.usualRate
        if try body.flag("dry_run") ?? false { return .json(JSONLine(try request.outbox.forecast(selection, action))) }
        do {
            let replay = try request.outbox.startReplay(selection, action, ratePerSecond: rate, by: request.grant)
            let line = JSONLine(replay, at: request.outbox.now, numbersAsText: true)
            return .json(line, status: 201, headers: [request.location("/v1/replays/\(replay.number)")])
        } catch let problem as InputProblem where problem.field == "replay" {
            throw APIProblem(.conflict, "the \(action.name) \(problem.reason)")
        }
    }

    static func word<Word: RawRepresentable<String> & CaseIterable>(_ word: String, _ field: String) throws -> Word {
        if let known = Word(rawValue: word) { return known }
        let reason = Suggestion.refusal(of: word, among: Word.allCases.map(\.rawValue))
        throw InputProblem(.unknownWord, field: field, value: word, reason: reason)
    }

    private static func time(_ name: String, _ body: BodyReader) throws -> Timestamp? {
        guard let text = try body.text(name, limitBytes: 64) else { return nil }
        if let time = Timestamp(iso8601: text) { return time }
        throw InputProblem(field: name, value: text, reason: "is not a time; write it as 2020-07-15T12:33:14.000Z")
    }
}
