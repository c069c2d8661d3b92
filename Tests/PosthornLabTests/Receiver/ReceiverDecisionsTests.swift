import PosthornHTTP
import PosthornModel
import PosthornText
@testable import PosthornLab
import Testing

@Suite struct ReceiverDecisionsTests {
    private let start = Timestamp(milliseconds: 1_600_000_000_000)

    private func event(_ id: String = "e1", path: String = "/hook") -> HTTPRequest {
        HTTPRequest(
            method: "POST",
            target: path,
            body: Array(
                #"{"id":"\#(id)","created":"2020-07-15T12:33:14.000Z","attempt":2,"type":"MEETING_CREATED","data":{"id":"x"}}"#.utf8
            )
        )
    }

    /// Decides one request after the other, a second apart unless told otherwise.
    private struct Run {
        var decisions: ReceiverDecisions
        var now: Timestamp
        var rule = IdentityRule.any

        mutating func send(
            _ request: HTTPRequest,
            afterMilliseconds pause: Int64 = 1000,
            verdict: ReceiverVerdict = .unchecked
        ) -> ReceiverDecisions.Decision {
            now = now.advanced(byMilliseconds: pause)
            return decisions.decide(request, ReceiverDecisions.read(request, rule) { _ in verdict }, at: now)
        }
    }

    private func run(_ change: (inout ReceiverConfiguration) -> Void = { _ in }) -> Run {
        var configuration = ReceiverConfiguration()
        change(&configuration)
        return Run(decisions: ReceiverDecisions(configuration), now: start)
    }

    @Test func anEventIsTakenAndItsPartsAreSeen() {
        var run = run()
        let decision = run.send(event())
        #expect(decision.response.status == 200)
        #expect(decision.arrival.kind == .event)
        #expect(decision.arrival.identity?.id == "e1")
        #expect(decision.arrival.identity?.type == "MEETING_CREATED")
        #expect(decision.arrival.identity?.attempt == 2)
        #expect(!decision.arrival.isDuplicate)
    }

    @Test func repeatedEventIsADuplicateAndTaken() {
        var run = run()
        _ = run.send(event())
        let again = run.send(event())
        #expect(again.response.status == 200)
        #expect(again.arrival.isDuplicate)
        #expect(!run.send(event("e2")).arrival.isDuplicate)
        #expect(!run.send(event(path: "/other")).arrival.isDuplicate)
        #expect(run.decisions.counts.events == 4)
        #expect(run.decisions.counts.duplicates == 1)
    }

    @Test func aRetryOfWhatWasRefusedIsNoDuplicate() {
        var run = run { $0.misbehaviour.failFirst = 2 }
        #expect((1...4).map { _ in run.send(event()).response.status } == [500, 500, 200, 200])
        #expect(run.decisions.counts.duplicates == 1)
        #expect(run.decisions.counts.byStatus == [500: 2, 200: 2])
    }

    @Test func theFirstAttemptsOfEachEventFail() {
        var run = run { $0.misbehaviour.failFirst = 1 }
        #expect(run.send(event("a")).response.status == 500)
        #expect(run.send(event("b")).response.status == 500)
        #expect(run.send(event("a")).response.status == 200)
        #expect(run.send(event("b")).response.status == 200)
    }

    @Test func anyStatusAndDelayCanBeAskedFor() {
        var run = run {
            $0.misbehaviour.status = 204
            $0.misbehaviour.delayMilliseconds = 1500
        }
        let decision = run.send(event())
        #expect(decision.response.status == 204)
        #expect(decision.arrival.delayMilliseconds == 1500)
    }

    @Test func requestsOverTheRateAreTurnedAway() {
        var run = run { $0.misbehaviour.rateLimitPerSecond = 2 }
        let statuses = ["a", "b"].map { run.send(event($0), afterMilliseconds: 0).response }
        #expect(statuses.map(\.status) == [200, 429])
        #expect(statuses[1].headers["retry-after"] == "1")
        #expect(run.send(event("c"), afterMilliseconds: 500).response.status == 200)
        #expect(run.send(event("d"), afterMilliseconds: 0).response.status == 429)
        #expect((0..<2).map { run.send(event("x\($0)"), afterMilliseconds: $0 == 0 ? 60_000 : 0).response.status } == [200, 429])
    }

    /// However requests are spread, and whatever was left unused before.
    @Test(arguments: [1, 7, 50, 1000]) func noSecondSeesMoreThanTheRateAndATenth(_ rate: Int) {
        var limiter = RateLimiter(perSecond: rate, atMilliseconds: 0)
        var taken: [Int64] = []
        // Ten times the rate in the second before and after a second's edge, then after a rest.
        for start: Int64 in [0, 1000, 5000] {
            for i in 0..<(10 * rate) {
                let moment = start + Int64(1000 * i / (10 * rate))
                if limiter.refuse(atMilliseconds: moment) == nil { taken.append(moment) }
            }
        }
        let burst = max(1, rate / 10)
        for first in taken.indices {
            let inSecond = taken[first...].prefix { $0 < taken[first] + 1000 }.count
            #expect(inSecond <= rate + burst)
        }
        // And no less than the rate over its two seconds.
        #expect(taken.count { $0 < 2000 } >= 2 * rate - 1)
    }

    @Test func anEventWhoseAnswerStillWaitsIsNoDuplicateAndNotProcessedAgain() {
        var run = run { $0.misbehaviour.delayMilliseconds = 5000 }
        let first = run.send(event())
        #expect(first.arrival.isNew && first.arrival.timesProcessed == 1)
        let second = run.send(event())
        #expect(!second.arrival.isDuplicate && !second.arrival.isNew && second.arrival.timesProcessed == 0)
        #expect(second.arrival.line.contains("time 2") && !second.arrival.line.contains("duplicate"))
        if let key = first.accepts { run.decisions.answered(key) }
        let third = run.send(event())
        #expect(third.arrival.isDuplicate && third.arrival.timesProcessed == 0)
        #expect(run.decisions.counts.duplicates == 1)
    }

    @Test func aClockThatGoesBackHoldsTheRate() {
        var limiter = RateLimiter(perSecond: 1, atMilliseconds: 10_000)
        #expect(limiter.refuse(atMilliseconds: 10_000) == nil)
        #expect(limiter.refuse(atMilliseconds: 0) == 1)
        #expect(limiter.refuse(atMilliseconds: 10_500) == 1)
        #expect(limiter.refuse(atMilliseconds: 11_000) == nil)
    }

    @Test func aBadSignatureIsCountedAndRefusedUnlessToldOtherwise() {
        var strict = run()
        let refused = strict.send(event(), verdict: .invalid("no header"))
        #expect(refused.response.status == 401)
        #expect(!strict.send(event(), verdict: .valid).arrival.isDuplicate)
        #expect(strict.decisions.counts.badSignatures == 1)
        var lenient = run { $0.badSignatureStatus = nil }
        #expect(lenient.send(event(), verdict: .invalid("no header")).response.status == 200)
        #expect(lenient.decisions.counts.badSignatures == 1)
    }

    @Test func faultsFallAsOftenAsAskedAndTheSameWayEachTime() throws {
        let faults = [try Misbehaviour.Fault("503:0.2"), try Misbehaviour.Fault("hangup:10%"), try Misbehaviour.Fault("delay=70:0.1")]
        func outcomes(order: [Int], seed: UInt64) -> [Int: String] {
            var run = run {
                $0.misbehaviour.faults = faults
                $0.misbehaviour.seed = seed
            }
            var out: [Int: String] = [:]
            for i in order {
                let decision = run.send(event("e\(i)"))
                out[i] = decision.arrival.status.map { "\($0)/\(decision.arrival.delayMilliseconds)" } ?? "hangup"
            }
            return out
        }
        let forward = outcomes(order: Array(0..<2000), seed: 7)
        #expect(forward == outcomes(order: Array((0..<2000).reversed()), seed: 7))
        #expect(forward != outcomes(order: Array(0..<2000), seed: 8))
        func share(_ outcome: String) -> Double { Double(forward.values.count { $0 == outcome }) / 2000 }
        #expect(abs(share("503/0") - 0.2) < 0.03)
        #expect(abs(share("hangup") - 0.1) < 0.03)
        #expect(abs(share("200/70") - 0.1) < 0.03)
    }

    @Test(
        arguments: [
            ("", "503=10%"), ("503", "503=10%"), ("503:", "0% to 100%"), ("99:0.1", "503=10%"), ("hangup:-1", "0% to 100%"),
            ("delay:0.1", "delay:3000=5%"), ("delay=-1:0.1", "delay:3000=5%"), ("503:0.1:2", "503=10%"), ("503:nan", "0% to 100%"),
            ("503=150%", "is more than 100%"), ("hangup:2", "write 2% for"), ("hangup=1%,", "503=10%"),
            ("Hangup=1%", "did you mean \"hangup\"?"),
            ("delay=x:1%", "delay:3000=5%"), ("503x=1%", "503=10%"),
        ]
    )
    func aFaultThatIsNoneIsRefusedInOneLine(_ text: String, _ remedy: String) {
        let problem = #expect(throws: InputProblem.self) { try Misbehaviour.faults([text]) }
        #expect(problem?.field == "fault" && problem?.reason.contains(remedy) == true, "\(String(describing: problem))")
    }

    @Test func faultsAreListedWithEitherSign() throws {
        let listed = try Misbehaviour.faults(["503=10%,hangup=1%,delay:3000=5%", "lose:0.5%"])
        #expect(
            listed == [
                .init(.status(503), probability: 0.1), .init(.hangUp, probability: 0.01),
                .init(.delay(milliseconds: 3000), probability: 0.05), .init(.lose, probability: 0.005),
            ]
        )
        #expect(listed == (try Misbehaviour.faults(["503:0.1", "hangup:1%", "delay=3000:5%", "lose=0.5%"])))
        #expect(try Misbehaviour.faults([Misbehaviour.Fault.example]).count == 5)
    }

    @Test func faultsAreNoMoreThanAllTogether() throws {
        #expect(try Misbehaviour.faults(["503=60%", "hangup=40%"]).count == 2)
        let problem = #expect(throws: InputProblem.self) { try Misbehaviour.faults(["503=60%", "hangup=50%"]) }
        #expect(problem?.description.contains("\"503=60%,hangup=50%\" is 110% together") == true)
    }

    @Test func diiosValidationGetsItsStringBackExactly() {
        var run = run { $0.misbehaviour.status = 500 }
        let decision = run.send(HTTPRequest(target: "/hook?a=1&echo_string=x%20%2By%C3%A9"))
        #expect(decision.arrival.kind == .validation)
        #expect(decision.response.status == 200)
        #expect(decision.response.headers["content-type"]?.hasPrefix("text/plain") == true)
        #expect(String(decoding: decision.response.body, as: UTF8.self) == "x +yé")
    }

    @Test func aBrowserIsGreeted() {
        var run = run()
        let decision = run.send(HTTPRequest(target: "/", headers: ["Accept": "text/html"]))
        #expect(decision.arrival.kind == .greeting)
        #expect(decision.response.status == 200)
        #expect(run.decisions.counts.greetings == 1)
        #expect(run.decisions.counts.events == 0)
    }

    @Test func webiosQuestionGetsTheValuesThatAreKnown() {
        var run = run { $0.values = ["balance": .string("12.50"), "ID": .number("7"), "other": .null] }
        let decision = run.send(
            HTTPRequest(
                target: "/values?customerUID=123456&outboundChannelAddress=44777777777&param1=balance&param2=ID&param3=gone&param4=ID"
            )
        )
        #expect(decision.arrival.kind == .valueRequest)
        #expect(decision.response.headers["Content-Type"] == "application/json")
        #expect(String(decoding: decision.response.body, as: UTF8.self) == #"{"balance":"12.50","ID":7}"#)
    }

    @Test func voisosCallNotifyByGETIsAnEvent() {
        var run = run()
        let request = HTTPRequest(target: "/hook?ani=44&dnis=45&type=inbound&uuid=u-1")
        let decision = run.send(request)
        #expect(decision.arrival.kind == .event)
        #expect(decision.arrival.identity?.id == "u-1")
        #expect(run.send(request).arrival.isDuplicate)
    }

    @Test func eachVendorsIdAndTypeAreFound() {
        func identity(_ body: String, _ headers: HTTPHeaders = [:], _ rule: IdentityRule = .any) -> EventIdentity {
            rule.identify(HTTPRequest(method: "POST", headers: headers, body: Array(body.utf8)))
        }
        let diio = identity(#"{"action":"meeting.finished","id":"7b29"}"#)
        #expect(diio.id == "7b29" && diio.type == "meeting.finished")
        #expect(diio.key != identity(#"{"action":"meeting.pending","id":"7b29"}"#).key)
        let conference = identity(#"{"event":"conference_end","payload":"{\"conference_id\":1}","timestamp":"t"}"#)
        #expect(conference.id == nil && conference.type == "conference_end")
        #expect(conference.key != identity(#"{"event":"conference_end","payload":"{\"conference_id\":2}","timestamp":"t"}"#).key)
        let voiso = identity(#"{"name":"n","event":"inbound.call.hangup","payload":{"uuid":"u","type":"x"}}"#)
        #expect(voiso.id == "u" && voiso.type == "inbound.call.hangup")
        let standard = identity(#"{"type":"a.b","timestamp":"t","data":{"id":"other"}}"#, ["Webhook-Id": "msg_1"])
        #expect(standard.id == "msg_1" && standard.type == "a.b")
        let webio = identity(#"{"type":"payment","conversationId":"9"}"#, [:], IdentityRule.vendor("webio") ?? .any)
        #expect(webio.id == nil && webio.type == "payment")
        #expect(IdentityRule.vendor("nobody") == nil)
        #expect(identity("{nonsense").problem?.contains("not valid JSON") == true)
        #expect(identity("[1,2]").problem == nil)
    }

    @Test func onlyTheNewestEventsAreRemembered() {
        var memory = EventMemory(limit: 3)
        for key in 1...5 as ClosedRange<UInt64> { _ = memory.note(key) }
        #expect(memory.count == 3)
        #expect(memory.note(5).times == 2)
        #expect(memory.note(1).times == 1)
        #expect(memory.note(3).times == 1)
        #expect(memory.count == 3)
        memory.accept(3)
        #expect(memory.note(3) == EventMemory.Entry(times: 2, wasAccepted: true))
    }

    @Test func anArrivalPrintsForPeopleAndForPrograms() throws {
        var run = run()
        _ = run.send(event())
        let arrival = run.send(event(), verdict: .valid).arrival
        #expect(
            arrival.line
                == "12:26:42.000  POST  /hook  MEETING_CREATED  e1  \(arrival.bodyBytes) bytes  duplicate, time 2  signature ok  -> 200"
        )
        let json = try JSONValue.parse(arrival.json)
        #expect(json["type"] == .string("MEETING_CREATED"))
        #expect(json["duplicate"] == .bool(true))
        #expect(json["signature"] == .string("valid"))
        #expect(json["attempt"] == .number("2"))
        #expect(!run.send(event("\\u001b[2J", path: "/\u{1b}[2J")).arrival.line.contains("\u{1b}"))
    }
}
