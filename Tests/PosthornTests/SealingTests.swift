import Glibc
import PosthornModel
import PosthornStore
import PosthornTestSupport
import Testing

@testable import Posthorn

/// Credentials in the file, with a key and without.
@Suite(.limited()) struct SealingTests {
    private let key = try! OutboxKey(text: String(repeating: "0f", count: 32))
    private let otherKey = try! OutboxKey(text: String(repeating: "f0", count: 32))
    private let secret = "canary-of-the-sealed-endpoint"

    private func topology(_ secret: String) throws -> Topology {
        try Topology(
            nodes: [Node(id: "n1", level: .company)],
            endpoints: [
                endpoint("c", .conference, url: "https://c.example/", ["token": secret]),
                endpoint("plain", .weseedo, url: "https://w.example/", [:]),
            ]
        )
    }

    @Test(.onEachStore) func fixedHeadersAreSealedTooAndTheirNamesAreStillListed() throws {
        let bench = try VendorsBench()
        let header = EndpointSettings.Header(name: "x-api-key", value: secret)
        var settings = endpoint("h", .weseedo, url: "https://h.example/", [:])
        settings.headers = [header]
        try bench.apply(settings)
        #expect(try bench.outbox.credentialStorage().storage.inTheClear == 1)
        let sealed = try bench.place.open(key: key, clock: bench.clock)
        defer { sealed.close() }
        let topology = try Topology(nodes: [Node(id: "n1", level: .company)], endpoints: [settings])
        #expect(try sealed.apply(topology).map(\.detail) == ["credentials sealed"])
        #expect(try sealed.apply(topology).isEmpty)
        #expect(try sealed.credentialStorage().storage == bench.outbox.credentialStorage().storage)
        #expect(try sealed.credentialStorage().storage.inTheClear == 0)
        #expect(try sealed.endpointWithCredentials("h").settings.headers == [header])
        #expect(try bench.endpoint("h").settings.headers == [.init(name: "x-api-key", value: "")])
        #expect(throws: OutboxProblem.self) { try bench.outbox.endpointWithCredentials("h") }
    }

    /// Fixed headers are all that is sealed of it: without the key nothing of it is written anew, in the clear or otherwise,
    /// and what is wrong is the key, not the row.
    @Test func sealedHeadersWantTheirKeyWithoutAnyCredentials() throws {
        let bench = try VendorsBench(key: key)
        var settings = endpoint("h", .weseedo, url: "https://h.example/", [:])
        settings.headers = [.init(name: "x-api-key", value: secret)]
        try bench.apply(settings)
        let topology = try Topology(nodes: [Node(id: "n1", level: .company)], endpoints: [settings])
        for wrong in [nil, otherKey] {
            let outbox = try bench.place.open(key: wrong, clock: bench.clock)
            defer { outbox.close() }
            let problem = #expect(throws: OutboxProblem.self) { try outbox.apply(topology) }
            #expect(problem?.code == .key && problem?.remedy == .giveOrReplaceKey)
            let faults = try outbox.endpointFaults()
            #expect(faults.found.isEmpty == (wrong == nil))
            #expect(faults.found.values.allSatisfy { $0.contains("do not open with this key") })
            let engine = try Engine(outbox: outbox, configuration: EngineConfiguration(untilSettled: true))
            #expect(throws: OutboxProblem.self) { try engine.run() }
        }
        #expect(!holds(bench, secret))
        #expect(try bench.outbox.endpointWithCredentials("h").settings.headers == settings.headers)
        let replaced = try bench.place.open(key: otherKey, clock: bench.clock)
        defer { replaced.close() }
        #expect(try replaced.apply(topology, keyLost: true).map(\.id) == ["h"])
        #expect(try replaced.endpointWithCredentials("h").settings.headers == settings.headers)
    }

    /// The outbox's files as bytes.
    private func bytes(_ bench: VendorsBench) -> [UInt8] {
        ["", "-wal", "-shm"].flatMap { ending -> [UInt8] in
            guard let file = fopen(bench.outbox.path + ending, "rb") else { return [] }
            defer { fclose(file) }
            var all: [UInt8] = []
            var part = [UInt8](repeating: 0, count: 65_536)
            while case let count = fread(&part, 1, part.count, file), count > 0 { all += part[..<count] }
            return all
        }
    }

    private func holds(_ bench: VendorsBench, _ text: String) -> Bool { bytes(bench).firstRange(of: Array(text.utf8)) != nil }

    @Test func withAKeyTheFilesHoldNoSecret() throws {
        let bench = try VendorsBench(key: key)
        _ = try bench.outbox.apply(topology(secret))
        #expect(!holds(bench, secret))
        let made = try #require(try bench.outbox.rotate(endpoint: "c").shownOnce)
        #expect(!holds(bench, made))
        #expect(try bench.outbox.endpointWithCredentials("c").settings.credentials["token"] == .string(made))
        let (storage, hasKey) = try bench.outbox.credentialStorage()
        #expect(storage.sealed == 1 && storage.inTheClear == 0 && hasKey)
        #expect(try bench.outbox.apply(topology(secret)).isEmpty)
    }

    @Test(.onEachStore) func aLostKeyIsReplacedOnlyWhenThatIsSaid() throws {
        let bench = try VendorsBench(key: key)
        _ = try bench.outbox.apply(topology(secret))
        let other = try bench.place.open(key: otherKey, clock: bench.clock)
        defer { other.close() }
        #expect(throws: OutboxProblem.self) { try other.apply(topology("another-token")) }
        #expect(try bench.outbox.endpointWithCredentials("c").settings.credentials["token"] == .string(secret))
        _ = try other.apply(topology("another-token"), keyLost: true)
        #expect(try other.endpointWithCredentials("c").settings.credentials["token"] == .string("another-token"))
    }

    @Test func withoutAKeyTheyStandInTheClearAndThatIsSaid() throws {
        let bench = try VendorsBench()
        _ = try bench.outbox.apply(topology(secret))
        #expect(holds(bench, secret))
        let (storage, hasKey) = try bench.outbox.credentialStorage()
        #expect(storage.sealed == 0 && storage.inTheClear == 1 && !hasKey)
    }

    @Test(.onEachStore) func applyingWithAKeySealsWhatStoodInTheClear() throws {
        let bench = try VendorsBench()
        _ = try bench.outbox.apply(topology(secret))
        let sealed = try bench.place.open(key: key, clock: bench.clock)
        defer { sealed.close() }
        #expect(try sealed.endpointWithCredentials("c").settings.credentials["token"] == .string(secret))
        let changes = try sealed.apply(topology(secret))
        #expect(changes.map(\.detail) == ["credentials sealed"])
        #expect(try sealed.credentialStorage().storage.inTheClear == 0)
        #expect(try sealed.endpointWithCredentials("c").settings.credentials["token"] == .string(secret))
        #expect(try sealed.apply(topology(secret)).isEmpty)
    }

    @Test(.onEachStore) func aMissingOrAnotherKeyIsNamedAndListsWorkWithoutOne() throws {
        let bench = try VendorsBench(key: key)
        _ = try bench.outbox.apply(topology(secret))
        let event = NewEvent(type: "conference_end", node: "n1", data: "{}")
        for (given, words) in [(nil, "no key was given"), (otherKey, "do not open with this key")] {
            let outbox = try bench.place.open(key: given, clock: bench.clock)
            defer { outbox.close() }
            for attempt in [{ _ = try outbox.rotate(endpoint: "c") }, { _ = try outbox.apply(topology(secret)) }] {
                let problem = #expect(throws: OutboxProblem.self) { try attempt() }
                #expect(problem?.code == .key)
                #expect(problem?.message.contains(words) == true && problem?.message.contains("endpoint c ") == true)
            }
            // What is emitted waits for an engine that has the key.
            #expect(try outbox.emit(event).deliveries == 2)
            #expect(try outbox.topology().endpoints.map(\.settings.id) == ["c", "plain"])
            #expect(try outbox.setEnabled(false, endpoint: "c") == .disabled)
            #expect(try outbox.setEnabled(true, endpoint: "c") == .active)
            _ = try outbox.status()
            try outbox.deliveries { _ in }
            #expect(try outbox.credentialStorage().storage.sealed == 1)
        }
    }

    @Test func sealedCredentialsOfOneEndpointDoNotOpenForAnother() throws {
        let sealing = SealedCredentials(key)
        let text = try sealing.seal(Array("{}".utf8), ofEndpoint: "a")
        #expect(try sealing.open(text, ofEndpoint: "a") == Array("{}".utf8))
        #expect(throws: OutboxProblem.self) { try sealing.open(text, ofEndpoint: "b") }
    }

    @Test func aKeyIsNeverPrinted() throws {
        var dumped = ""
        dump(key, to: &dumped)
        #expect("\(key)" == "***" && !dumped.contains("15"))
        let problem = #expect(throws: InputProblem.self) { try OutboxKey(text: "my-secret-key") }
        #expect(problem?.description.contains("my-secret-key") == false)
    }
}
