import PosthornHTTP
import PosthornModel
import PosthornText
import Testing

@testable import PosthornLab

/// A receiver as a bench: rules of a file, recordings that are played again, several vendors at several paths. Without a socket.
@Suite struct ReceiverBenchTests {
    private static let start = Timestamp(milliseconds: 1_600_000_000_000)

    private static func event(_ id: String?, type: String = "MEETING_CREATED", path: String = "/hook") -> HTTPRequest {
        let member = id.map { #""id":"\#($0)","# } ?? ""
        return HTTPRequest(method: "POST", target: path, body: Array(#"{\#(member)"type":"\#(type)","data":{"n":1}}"#.utf8))
    }

    /// Sends requests at moments of their own.
    private struct Run {
        let configuration: ReceiverConfiguration
        var decisions: ReceiverDecisions

        init(_ change: (inout ReceiverConfiguration) throws -> Void) rethrows {
            var configuration = ReceiverConfiguration()
            configuration.began = start
            try change(&configuration)
            self.configuration = configuration
            decisions = ReceiverDecisions(configuration)
        }

        mutating func send(
            _ request: HTTPRequest,
            atSecond second: Int64 = 0,
            verdict: ReceiverVerdict = .unchecked
        ) -> ReceiverDecisions.Decision {
            let reading = ReceiverDecisions.read(request, configuration) { _ in verdict }
            return decisions.decide(request, reading, at: start.advanced(byMilliseconds: second * 1000))
        }
    }

    private static func run(rules text: String) throws -> Run {
        try Run { $0.rules = try BehaviourRules(json: Array(text.utf8)) }
    }

    @Test func theFirstRuleThatFitsDecides() throws {
        var run = try Self.run(
            rules: #"""
                {"rules": [
                  {"path": "/slow*", "delay_ms": 300},
                  {"type": "USER_*", "status": 410, "body": "gone"},
                  {"attempts": "1..2", "from": "10s", "to": "1m", "status": 503, "retry_after_s": 7},
                  {"type": "LOST", "process": 0}, {"type": "DOUBLE", "process": 2}, {"type": "CUT", "hang_up": true}]}
                """#
        )
        let slow = run.send(Self.event("a", path: "/slow/er"))
        #expect(slow.arrival.delayMilliseconds == 300 && slow.response.status == 200)
        let gone = run.send(Self.event("b", type: "USER_DELETED"))
        #expect(gone.response.status == 410 && gone.response.body == Array("gone".utf8))
        #expect(run.send(Self.event("c")).response.status == 200, "before its time")
        let unavailable = run.send(Self.event("d"), atSecond: 10)
        #expect(unavailable.response.status == 503 && unavailable.response.headers["Retry-After"] == "7")
        #expect(run.send(Self.event("d"), atSecond: 11).response.status == 503)
        #expect(run.send(Self.event("d"), atSecond: 12).response.status == 200, "the third attempt")
        #expect(run.send(Self.event("e"), atSecond: 60).response.status == 200, "after its time")
        #expect(run.send(Self.event("f", type: "LOST")).arrival.timesProcessed == 0)
        #expect(run.send(Self.event("g", type: "DOUBLE")).arrival.timesProcessed == 2)
        #expect(run.send(Self.event("h", type: "CUT")).arrival.status == nil)
    }

    @Test func badSignaturesAreRefusedWhateverTheRules() throws {
        var run = try Self.run(rules: #"{"rules": [{"status": 204}]}"#)
        #expect(run.send(Self.event("a")).response.status == 204)
        #expect(run.send(Self.event("b"), verdict: .invalid("x")).response.status == 401)
    }

    /// The dice fall by event and attempt, so another order of requests changes nothing.
    @Test func aShareIsTheSameEventsInAnyOrder() throws {
        let rules = #"{"seed": 3, "rules": [{"share": "30%", "status": 503}]}"#
        let ids = (0..<1000).map { "event-\($0)" }
        func failed(_ ids: [String]) throws -> Set<String> {
            var run = try Self.run(rules: rules)
            return Set(ids.filter { run.send(Self.event($0)).response.status == 503 })
        }
        let found = try failed(ids)
        #expect((240...360).contains(found.count), "\(found.count)")
        #expect(try failed(ids.reversed()) == found)
    }

    @Test(
        arguments: [
            ("[]", ""), ("{}", "rules"), (#"{"rules":[{"stats":1}]}"#, "rules[0].stats"),
            (#"{"rules":[{"status":99}]}"#, "rules[0].status"),
            (#"{"rules":[{"share":"2"}]}"#, "rules[0].share"), (#"{"rules":[{"from":"1m","to":"30s"}]}"#, "rules[0].to"),
            (#"{"rules":[{"attempts":"0..3"}]}"#, "rules[0].attempts"), (#"{"rules":[{"hang_up":true,"status":500}]}"#, "rules[0].hang_up"),
            (#"{"rules":[{"from":"soon"}]}"#, "rules[0].from"), ("{", ""),
        ] as [(String, String)]
    )
    func whatIsWrongInAFileIsNamed(text: String, field: String) {
        let problem = #expect(throws: InputProblem.self) { try BehaviourRules(json: Array(text.utf8)) }
        #expect(problem?.field == field || field.isEmpty, "\(String(describing: problem))")
    }

    /// What a receiver answered, its double answers: by event, attempt after attempt, with the same delays.
    @Test func aRecordingIsPlayedAgain() throws {
        var run = try Self.run(
            rules:
                #"{"rules": [{"attempts": "1", "type": "FLAKY", "status": 500}, {"type": "SLOW", "delay_ms": 40}, {"type": "CUT", "hang_up": true}]}"#
        )
        let requests = [
            Self.event("a", type: "FLAKY"), Self.event("a", type: "FLAKY"), Self.event("b", type: "SLOW"), Self.event("c", type: "CUT"),
            Self.event(nil, type: "PLAIN"),
        ]
        let answered = requests.map { request in (request, run.send(request).arrival) }
        let recording = answered.flatMap { $0.1.recordingLine($0.0) }
        var double = try Run { $0.recording = try RecordedAnswers(recording) }
        for (request, arrival) in answered {
            let again = double.send(request, verdict: .invalid("a double does not check")).arrival
            #expect(again.status == arrival.status && again.delayMilliseconds == arrival.delayMilliseconds)
            #expect(again.timesProcessed == arrival.timesProcessed)
        }
        #expect(double.send(Self.event("a", type: "FLAKY")).arrival.status == 200, "the last answer again")
        #expect(double.send(Self.event("z")).arrival.status == 404)
        #expect(double.send(Self.event("a", type: "FLAKY", path: "/other")).arrival.status == 404)
        // The request is in it byte for byte.
        let first = try JSONValue.parse(Array(recording.prefix { $0 != 0x0A }))
        #expect(first["body_base64"] == .string("eyJpZCI6ImEiLCJ0eXBlIjoiRkxBS1kiLCJkYXRhIjp7Im4iOjF9fQ=="))
    }

    @Test func whatIsNoRecordingIsRefusedByItsLine() {
        for (text, field) in [("", ""), ("{}\n", "line 1"), ("nothing", "line 1")] {
            let problem = #expect(throws: InputProblem.self) { try RecordedAnswers(Array(text.utf8)) }
            #expect(problem?.field == field)
        }
    }

    @Test func eachPathHasItsOwnVendorAndOthersAreNotThere() throws {
        var run = Run { configuration in
            configuration.hooks = [
                "/good": ReceiverHook(identity: .any, handshakes: [], check: { _ in .valid }),
                "/strict": ReceiverHook(identity: .any, handshakes: [], check: { _ in .invalid("never right") }),
            ]
        }
        #expect(run.send(Self.event("a", path: "/good")).response.status == 200)
        #expect(run.send(Self.event("a", path: "/strict")).response.status == 401)
        #expect(run.send(Self.event("a", path: "/elsewhere")).response.status == 404)
    }
}
