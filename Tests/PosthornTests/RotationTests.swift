import PosthornModel
import PosthornFormats
import PosthornTestSupport
import Synchronization
import Testing

@testable import Posthorn

/// Credentials come newest at every attempt; URL, method and envelope stay those the event was accepted with.
@Suite(.limited(), .onEachStore) struct RotationTests {
    private let webio = ["api_key": "pk_live_9f3", "secret": "0123456789abcdef0123456789abcdef", "organisation_id": "4711"]

    /// A receiver that fails until it is told otherwise.
    private final class Switch: Sendable {
        let isUp = Mutex(false)
        func reply() -> Reply { isUp.withLock { $0 } ? .ok : .status(503) }
        func on() { isUp.withLock { $0 = true } }
    }

    @Test func aDeliveryThatWaitsIsTriedAgainWithTheNewToken() throws {
        let up = Switch()
        let receiver = try MisbehavingReceiver { _ in up.reply() }
        let bench = try VendorsBench()
        try bench.apply(endpoint("w", .webio, url: receiver.url, webio))
        let engine = try bench.engine()
        _ = try bench.outbox.emit(NewEvent(type: "inboundMessage", node: "n1", data: "{}"))
        #expect(bench.told.wait { $0.isFailedAttempt })
        bench.clock.advance(by: 60_000)
        #expect(bench.told.wait(2) { $0.isFailedAttempt })

        // The very same credentials, as `posthorn endpoint rotate` does it in a process of its own.
        let other = try bench.place.open(clock: bench.clock)
        let rotation = try other.rotate(endpoint: "w")
        other.close()
        #expect(rotation.shownOnce == nil)
        up.on()
        bench.clock.advance(by: 600_000)
        let tokens = receiver.waitForRequests(3).map { $0.header("x-webio-token") }
        try engine.stop()
        try #require(tokens.count == 3)
        #expect(tokens[0] == tokens[1])
        #expect(tokens[1] != tokens[2])
        #expect(try bench.deliveries("w").map(\.state) == [.delivered])
    }

    @Test func aRotationInTheEnginesOwnProcessCountsFromTheNextAttemptOn() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try VendorsBench()
        try bench.apply(endpoint("c", .conference, url: receiver.url, ["token": "token-one"]))
        let engine = try bench.engine()
        let event = NewEvent(type: "conference_end", node: "n1", data: "{}")
        _ = try bench.outbox.emit(event)
        receiver.waitForRequests(1)
        let made = try #require(try bench.outbox.rotate(endpoint: "c").shownOnce)
        _ = try bench.outbox.emit(event)
        receiver.waitForRequests(2)
        #expect(try bench.outbox.rotate(endpoint: "c", newSecret: "brought-along").shownOnce == nil)
        _ = try bench.outbox.emit(event)
        let requests = receiver.waitForRequests(3)
        try engine.stop()
        #expect(requests.map { $0.header("x-signing-token") } == ["token-one", made, "brought-along"])
    }

    @Test func theReplacedStandardSecretSignsToo() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try VendorsBench()
        let old = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        try bench.apply(endpoint("s", .standard, url: receiver.url, ["secret": old]))
        let rotation = try bench.outbox.rotate(endpoint: "s")
        let made = try #require(rotation.shownOnce)
        #expect(rotation.replacedSignsUntil == bench.clock.now().advanced(byMilliseconds: 86_400_000))
        _ = try bench.outbox.emit(NewEvent(type: "a.b", node: "n1", data: "{}"))
        let engine = try bench.engine()
        let request = try #require(receiver.waitForRequests(1).first)
        try engine.stop()
        #expect(request.header("webhook-signature")?.split(separator: " ").count == 2)
        for secret in [old, made] {
            let verifier = try SignatureVerifier(endpoint("s", .standard, url: receiver.url, ["secret": secret]))
            let verdict = verifier.verify(.init(headers: request.headers, body: request.body), now: bench.clock.now())
            #expect(verdict == .genuine)
        }
    }

    @Test func urlMethodAndEnvelopeStayPinnedWhileTheSecretIsTheNewest() throws {
        let up = Switch()
        let first = try MisbehavingReceiver { _ in up.reply() }
        let second = try MisbehavingReceiver { _ in .ok }
        let bench = try VendorsBench()
        try bench.apply(endpoint("v", .voiso, url: first.url, ["key": "key-number-one"]))
        let engine = try bench.engine()
        _ = try bench.outbox.emit(NewEvent(type: "inbound.call.answered", node: "n1", data: #"{"ani":"1"}"#))
        #expect(bench.told.wait { $0.isFailedAttempt })
        var changed = endpoint("v", .conference, url: second.url, ["token": "token-two"])
        try bench.apply(changed)
        _ = try bench.outbox.emit(NewEvent(type: "conference_end", node: "n1", data: "{}"))
        second.waitForRequests(1)
        changed.envelope = .voiso
        changed.signature = .voisoKey
        changed.credentials = ["key": .string("key-number-two")]
        changed.method = .get
        try bench.apply(changed)
        up.on()
        bench.clock.advance(by: 60_000)
        let requests = first.waitForRequests(2)
        try engine.stop()
        try #require(requests.count == 2)
        #expect(requests.map(\.method) == ["POST", "POST"])
        #expect(String(decoding: requests[0].body, as: UTF8.self).contains(#""key":"key-number-one""#))
        #expect(String(decoding: requests[1].body, as: UTF8.self).contains(#""key":"key-number-two""#))
        #expect(second.requests.map { $0.header("x-signing-token") } == ["token-two"])
        #expect(second.requests.allSatisfy { String(decoding: $0.body, as: UTF8.self).hasPrefix(#"{"event":"#) })
    }

    /// An id that Swift takes for equal is written in other bytes: what is sealed opens with those of the row.
    @Test func anIDTypedInOtherBytesSealsForTheEndpoint() throws {
        let bench = try VendorsBench(key: try OutboxKey(text: String(repeating: "0f", count: 32)))
        try bench.apply(endpoint("caf\u{E9}", .conference, url: "https://c.example/", ["token": "token-one"]))
        _ = try bench.outbox.rotate(endpoint: "cafe\u{301}", newSecret: "token-two-that-is-new")
        let settings = try bench.outbox.endpointWithCredentials("caf\u{E9}").settings
        #expect(settings.credentials["token"] == .string("token-two-that-is-new"))
    }

    @Test func rotationsThatCannotWorkChangeNothing() throws {
        let bench = try VendorsBench()
        try bench.apply(
            endpoint("plain", .weseedo, url: "https://a.example/", [:]),
            endpoint("w", .webio, url: "https://b.example/", webio)
        )
        let generation = try bench.outbox.topology().generation
        #expect(throws: InputProblem.self) { try bench.outbox.rotate(endpoint: "plain") }
        #expect(throws: InputProblem.self) { try bench.outbox.rotate(endpoint: "nobody") }
        #expect(throws: InputProblem.self) { try bench.outbox.rotate(endpoint: "w", newSecret: "too short") }
        #expect(try bench.outbox.topology().generation == generation)
    }
}
