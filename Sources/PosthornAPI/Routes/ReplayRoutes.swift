import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// Replays: events of the past, sent again.
enum ReplayRoutes {
    static let all: [Route] = [create, list, one, cancel]

    private static let number = Parameter.path("number", .number, "The replay's number.", example: "12")

    private static let answer = Route.Answer(
        status: 200,
        description: "The replay, as it is now.",
        schema: Schema.reference("Replay"),
        example: Examples.replay
    )

    private static let members: [(String, JSONValue)] = [
        ("node", Schema.described(Schema.string, "Only events at this node and below; all of the key's tree when it is left out.")),
        ("endpoint", Schema.described(Schema.string, "Only to this endpoint.")),
        ("types", Schema.described(Schema.array(Schema.string), "Only events of one of these types or patterns.")),
        (
            "states",
            Schema.described(
                Schema.array(Schema.choice(Replay.states.map(\.rawValue).sorted())),
                "Only deliveries in one of these states; exhausted alone when it is left out."
            )
        ),
        ("since", Schema.described(Schema.time, "Only events that happened then or later.")),
        ("until", Schema.described(Schema.time, "Only events that happened before then.")),
        (
            "recipients",
            Schema.described(
                Schema.choice(Replay.Recipients.allCases.map(\.rawValue)),
                "original: the endpoints that had them, each at its URL of now. current: endpoints too that would get them now and never did."
            )
        ),
        (
            "rate_per_second",
            Schema.described(Schema.integer(Replay.rates), "Deliveries a second at most; \(Replay.usualRate) when it is left out.")
        ),
        ("dry_run", Schema.described(Schema.boolean, "Counts what would be sent, and changes nothing.")),
    ]

    private static let create = Route(
        method: "POST",
        path: "/v1/replays",
        operation: "createReplay",
        summary: "Send events of the past again, by a job that survives a restart and lets live traffic go first.",
        access: .right(.retry),
        body: Route.Body(
            types: ["application/json"],
            schema: Schema.object(members),
            example: .object([
                .init("endpoint", .string("crm")), .init("since", .string("2026-11-28T00:00:00.000Z")),
                .init("states", .array([.string("exhausted")])),
            ]),
            limitBytes: 65_536
        ),
        answers: [
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
        ],
        problems: [.conflict, .malformed, .invalidBody, .unsupportedMediaType, .tooLarge],
        handler: .plain { request in
            let body = try BodyReader(request.json(), allowed: members.map(\.0))
            let selection = try selection(body)
            let rate = try body.integer("rate_per_second", Replay.rates) ?? Replay.usualRate
            if try body.flag("dry_run") ?? false { return .json(JSONLine(try request.outbox.forecast(selection))) }
            do {
                let replay = try request.outbox.startReplay(selection, ratePerSecond: rate, creator: request.grant.keyID)
                let line = JSONLine(replay, at: request.outbox.now, numbersAsText: true)
                return .json(line, status: 201, headers: [("Location", "/v1/replays/\(replay.number)")])
            } catch let problem as InputProblem where problem.field == "replay" {
                throw APIProblem(.conflict, "the replay \(problem.reason)")
            }
        }
    )

    private static func selection(_ body: BodyReader) throws -> Replay.Selection {
        var selection = Replay.Selection()
        selection.node = try body.text("node", limitBytes: Identifier.limitBytes)
        selection.endpoint = try body.text("endpoint", limitBytes: Identifier.limitBytes)
        for (i, text) in try (body.texts("types") ?? []).enumerated() {
            do throws(InputProblem) { selection.types.append(try EventPattern(text)) } catch { throw error.at("types[\(i)]") }
        }
        if let words = try body.texts("states") {
            selection.states = Set(try words.enumerated().map { i, word in try Self.word(word, "states[\(i)]") })
        }
        if let word = try body.text("recipients", limitBytes: 16) { selection.recipients = try Self.word(word, "recipients") }
        selection.since = try time("since", body)
        selection.until = try time("until", body)
        return selection
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(_ word: String, _ field: String) throws -> Word {
        if let known = Word(rawValue: word) { return known }
        let reason = Suggestion.refusal(of: word, among: Word.allCases.map(\.rawValue))
        throw InputProblem(.unknownWord, field: field, value: word, reason: reason)
    }

    private static func time(_ name: String, _ body: BodyReader) throws -> Timestamp? {
        guard let text = try body.text(name, limitBytes: 64) else { return nil }
        if let time = Timestamp(iso8601: text) { return time }
        throw InputProblem(field: name, value: text, reason: "is not a time; write it as 2020-07-15T12:33:14.000Z")
    }

    private static let list = Route(
        method: "GET",
        path: "/v1/replays",
        operation: "listReplays",
        summary: "List replays, newest first. Those that are over are kept as long as they are among the newest \(Replay.keptLimit).",
        access: .right(.readMetadata),
        parameters: ListParameters.numberedPage,
        answers: [
            Route.Answer(
                status: 200,
                description: "A part of the list.",
                schema: Schema.list("Replay"),
                example: Examples.list(Examples.replay)
            )
        ],
        handler: .plain { request in
            let limit = request.integer("limit") ?? ListParameters.usualLimit
            let page = try request.outbox.replays(from: ListPlace(request.numberedCursor), limit: limit)
            let now = request.outbox.now
            return .list(page.elements.map { JSONLine($0, at: now, numbersAsText: true) }, ListLinks(page))
        }
    )

    private static let one = Route(
        method: "GET",
        path: "/v1/replays/{number}",
        operation: "getReplay",
        summary: "One replay: how far it is, and when it is done about.",
        access: .right(.readMetadata),
        parameters: [number],
        answers: [answer],
        problems: [.notFound],
        handler: .plain { request in
            let replay = try request.outbox.replay(request.number("number") ?? 0)
            return .json(JSONLine(replay, at: request.outbox.now, numbersAsText: true))
        }
    )

    private static let cancel = Route(
        method: "POST",
        path: "/v1/replays/{number}/cancel",
        operation: "cancelReplay",
        summary: "End a replay. What it has made due is delivered all the same.",
        access: .right(.retry),
        parameters: [number],
        answers: [answer],
        problems: [.notFound, .conflict],
        handler: .plain { request in
            let replay = try request.outbox.cancelReplay(request.number("number") ?? 0)
            return .json(JSONLine(replay, at: request.outbox.now, numbersAsText: true))
        }
    )
}
