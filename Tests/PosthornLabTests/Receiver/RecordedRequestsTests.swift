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

    private static func shown(_ request: HTTPRequest) -> [String] {
        request.headers.filter { !["host", "content-length"].contains($0.name.lowercased()) }.map { "\($0.name): \($0.value)" }.sorted()
    }

    /// What was recorded comes a second time as it came the first time, whatever is in its body.
    @Test func whatWasRecordedIsSentAgainByteForByte() throws {
        let first = Bench()
        let receiver = try first.receiver()
        let requests = SerialRequests(
            to: [],
            timeoutMilliseconds: 30_000,
            bodyLimitBytes: 1000,
            guard: OwnedHostGuard.make(isOwned: false),
            caFile: nil
        )
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
        #expect(recorded.all.map(\.query) == ["n=1", "n=3"])
    }
}
