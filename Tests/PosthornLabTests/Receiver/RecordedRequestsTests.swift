import PosthornFormats
import PosthornHTTP
import PosthornModel
import PosthornSending
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import PosthornLab

@Suite(.limited()) struct RecordedRequestsTests {
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)
    private static let secret = JSONValue.string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    private static var settings: EndpointSettings {
        EndpointSettings(
            id: "e",
            node: "n",
            url: "",
            envelope: .standard,
            signature: .standardWebhooks,
            credentials: ["secret": secret]
        )
    }

    /// What a receiver writes down of a request, and gets.
    private final class Bench: Sendable {
        let lines = Mutex<[UInt8]>([])
        let requests = Mutex<[HTTPRequest]>([])
        let verdicts = Mutex<[ReceiverVerdict]>([])

        func receiver(_ check: @escaping Receiver.Check = { _ in .unchecked }) throws -> Receiver {
            var configuration = ReceiverConfiguration()
            configuration.badSignatureStatus = nil
            return try Receiver(
                server: HTTPServerConfiguration(),
                configuration: configuration,
                check: check,
                observe: { [self] arrival, request in
                    lines.withLock { $0 += arrival.recordingLine(request) }
                    requests.withLock { $0.append(request) }
                    verdicts.withLock { $0.append(arrival.verdict) }
                }
            )
        }
    }

    private static func send(_ content: LoadContent, to receiver: Receiver, count: Int) throws {
        var plan = LoadPlan(.closed(connections: 1))
        plan.count = UInt64(count)
        let url = try EndpointURL("http://127.0.0.1:\(receiver.port)/hook")
        let report = try LoadTest(url, plan: plan, content: content, guard: OwnedHostGuard.make(isOwned: false)).run()
        #expect(report.requests == UInt64(count) && report.statuses == [200: UInt64(count)])
    }

    /// What sends the requests that are recorded.
    private static func requests() -> SerialRequests {
        SerialRequests(
            to: [],
            timeoutMilliseconds: 30_000,
            bodyLimitBytes: 1000,
            guard: OwnedHostGuard.make(isOwned: false),
            caFile: nil
        )
    }

    private static func shown(_ request: HTTPRequest) -> [String] {
        request.headers.filter { !["host", "content-length"].contains($0.name.lowercased()) }.map { "\($0.name): \($0.value)" }.sorted()
    }

    /// What was recorded comes a second time as it came the first time, whatever is in its body.
    @Test func whatWasRecordedIsSentAgainByteForByte() throws {
        let first = Bench()
        let receiver = try first.receiver()
        let requests = Self.requests()
        let bodies = [Array("{ \"id\" : \"1\" }\r\n".utf8), [0, 0xFF, 0xFE], Array("{\"id\":\"2\"}".utf8)]
        for body in bodies {
            let headers = [("accept", "*/*"), ("X-Sig", "v1=5"), ("x-sig", "v1=6"), ("Content-Type", "text/x"), ("Connection", "close")]
            let url = try EndpointURL("http://127.0.0.1:\(receiver.port)/hook?x=%20")
            _ = try requests.perform(url, method: "POST", headers: headers.map { (name: $0.0, value: $0.1) }, body: body)
        }
        receiver.stop()
        let recorded = try RecordedRequests(first.lines.withLock { $0 })
        #expect(recorded.distinct(\.path) == ["/hook"] && recorded.distinct(\.method) == ["POST"])
        let second = Bench()
        let other = try second.receiver()
        try Self.send(try LoadContent.recorded(recorded, renewal: nil, at: Self.now), to: other, count: 3)
        other.stop()
        let (before, after) = (first.requests.withLock { $0 }, second.requests.withLock { $0 })
        #expect(after.map(\.body) == bodies && after.map(\.target) == Array(repeating: "/hook?x=%20", count: 3))
        #expect(after.map(Self.shown) == before.map { Self.shown($0).filter { $0 != "Connection: close" } })
    }

    /// Requests of several methods and paths go each to where it came, over the same connections.
    @Test func eachRequestGoesToItsOwnPathByItsOwnMethod() throws {
        let first = Bench()
        let receiver = try first.receiver()
        let requests = Self.requests()
        let sent = [
            ("POST", "/shop?a=%20b", "{}"), ("GET", "/notify?uuid=5", ""), ("PUT", "/shop", "{\"id\":1}"), ("HEAD", "/shop", ""),
            ("POST", "/coach/%C3%A4", "x"), ("GET", "/with-body", "body"),
        ]
        for (method, target, body) in sent {
            let url = try EndpointURL("http://127.0.0.1:\(receiver.port)\(target)")
            _ = try requests.perform(url, method: method, headers: [(name: "content-type", value: "text/x")], body: Array(body.utf8))
        }
        receiver.stop()
        var recorded = try RecordedRequests(first.lines.withLock { $0 })
        for (base, isOwn) in [("", false), ("/", false), ("/other?k=1", true)] {
            let second = Bench()
            let other = try second.receiver()
            let text = "http://127.0.0.1:\(other.port)\(base)"
            #expect(RecordedRequests.leavesPaths(text) == isOwn)
            recorded.aim(at: text)
            var plan = LoadPlan(.closed(connections: 1))
            plan.count = 12
            let content = try LoadContent.recorded(recorded, renewal: nil, at: Self.now)
            let report = try LoadTest(try EndpointURL(text), plan: plan, content: content, guard: OwnedHostGuard.make(isOwned: false)).run()
            other.stop()
            #expect(report.statuses == [200: 12])
            let came = second.requests.withLock { $0.map { [$0.method, $0.target, String(decoding: $0.body, as: UTF8.self)] } }
            let expected = sent.map { method, target, body in
                [method, isOwn ? RelayedMessage.target(of: RelayedMessage.url(text, target)) : target, body]
            }
            #expect(came == expected + expected, "\(base)")
        }
    }

    /// Each of several vendors at a path of its own signs anew what came there.
    @Test func signaturesOfSeveralReceiversAreRenewed() throws {
        func line(_ path: String) -> String {
            """
            {"time":"2026-01-01T00:00:00.000Z","method":"POST","path":"\(path)","target":"\(path)","id":"e1","type":null,"headers":[],"body_base64":"e30="}

            """
        }
        let requests = try RecordedRequests(Array((line("/a") + line("/b") + line("/c")).utf8))
        var other = Self.settings
        other.credentials = ["secret": .string("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
        let renewals = ["/a": try SignatureRenewal(Self.settings, at: Self.now), "/b": try SignatureRenewal(other, at: Self.now)]
        let renewal = SignatureRenewal(byPath: renewals)
        let signatures = try requests.all.prefix(2).map {
            try renewal.headers(of: $0, at: Self.now).first { $0.name == "webhook-signature" }?.value
        }
        #expect(signatures.allSatisfy { $0?.hasPrefix("v1,") == true } && signatures[0] != signatures[1])
        let problem = #expect(throws: InputProblem.self) { try LoadContent.recorded(requests, renewal: renewal, at: Self.now) }
        #expect(problem?.description.contains("/c") == true, "\(problem.debugDescription)")
    }

    /// An old signature is refused by its time; a renewed one is good, over the same bytes.
    @Test func aSignatureIsRenewedOverTheSameBody() throws {
        let check = try RequestCheck(Self.settings)
        let first = Bench()
        let receiver = try first.receiver()
        var shares = LoadPlan.Shares()
        shares.late = 1
        let content = try LoadContent.events(Self.settings, vendor: nil, type: nil, data: nil, needsWrong: false, seed: 1, at: Self.now)
        var plan = LoadPlan(.closed(connections: 1))
        plan.count = 5
        let url = try EndpointURL("http://127.0.0.1:\(receiver.port)/hook")
        _ = try LoadTest(url, plan: plan, content: content, shares: shares, guard: OwnedHostGuard.make(isOwned: false)).run()
        receiver.stop()
        let recorded = try RecordedRequests(first.lines.withLock { $0 })
        for (renewal, isGood) in [(nil, false), (try SignatureRenewal(Self.settings, at: Self.now), true)] {
            let second = Bench()
            let other = try second.receiver { check.verdict($0) }
            try Self.send(try LoadContent.recorded(recorded, renewal: renewal, at: Self.now), to: other, count: 5)
            other.stop()
            #expect(second.verdicts.withLock { $0.allSatisfy { ($0 == .valid) == isGood } })
            let (before, after) = (first.requests.withLock { $0 }, second.requests.withLock { $0 })
            #expect(before.map(\.body) == after.map(\.body))
            #expect(before.map { $0.headers["webhook-id"] } == after.map { $0.headers["webhook-id"] })
            #expect(after.allSatisfy { $0.headers.all("webhook-signature").count == 1 })
        }
    }

    @Test func whatSignsInItsBodyCannotBeRenewed() {
        var settings = Self.settings
        (settings.envelope, settings.signature, settings.credentials) = (.conference, .conferenceToken, ["token": .string("token")])
        let problem = #expect(throws: InputProblem.self) { try SignatureRenewal(settings, at: Self.now) }
        #expect(problem?.field == "renew-signatures")
    }

    @Test(arguments: ["", "{}", "not json", #"{"time":"x"}"#])
    func whatIsNoRecordingIsRefused(_ text: String) {
        let problem = #expect(throws: InputProblem.self) { try RecordedRequests(Array(text.utf8)) }
        #expect(problem?.description.isEmpty == false && problem?.description.contains("\n") == false)
    }

    @Test func theOrderIsThatOfTheirComing() throws {
        func line(_ second: Int, _ path: String) -> String {
            """
            {"time":"2026-01-01T00:00:0\(second).000Z","method":"POST","path":"\(path)","target":"\(path)?n=\(second)","headers":[],"body_base64":""}

            """
        }
        var recorded = try RecordedRequests(Array((line(3, "/a") + line(1, "/a") + line(2, "/b") + line(4, "/a")).utf8))
        recorded.keep(atMost: 2) { $0.path == "/a" }
        #expect(recorded.all.map(\.target) == ["/a?n=1", "/a?n=3"])
    }
}
