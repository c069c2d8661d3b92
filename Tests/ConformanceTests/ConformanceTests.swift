import Glibc
import Posthorn
import PosthornModel
import PosthornOutbox
import PosthornSending
import PosthornTestSupport
import Testing

/// What the engine really sends, over real sockets, judged by other implementations than ours.
///
/// Set `POSTHORN_CONFORMANCE_SEED` to repeat a run. Where a judge cannot be had the test is skipped and says why; with
/// `CI=true` it fails.
@Suite(.serialized) struct ConformanceTests {
    private static let eventsPerFormat = 1000

    @Test(.enabled(if: Judge.libraries.takesPart, "the judge cannot be had here; a line above says why"))
    func theVendorsLibrariesAcceptEveryRequest() throws { try judge(.libraries) }

    @Test(.enabled(if: Judge.python.takesPart, "the judge cannot be had here; a line above says why"))
    func thePythonReceiverAcceptsEveryRequest() throws { try judge(.python) }

    @Test(.enabled(if: Judge.node.takesPart, "the judge cannot be had here; a line above says why"))
    func theNodeReceiverAcceptsEveryRequest() throws { try judge(.node) }

    /// What a judge has found.
    private struct Finding {
        let right: [String: Int]
        let repeated: Int
        let mismatches: Int
        let reasons: String

        init(_ line: String) throws {
            let value = try JSONValue.parse(Array(line.utf8))
            func count(_ value: JSONValue?) -> Int { if case .number(let text) = value { Int(text) ?? -1 } else { -1 } }
            var right: [String: Int] = [:]
            if case .object(let members) = value["right"] {
                for member in members { right[member.key] = count(member.value) }
            }
            self.right = right
            repeated = count(value["repeated"])
            mismatches = count(value["mismatches"])
            reasons = value["reasons"]?.text ?? ""
        }
    }

    private func judge(_ judge: Judge) throws {
        if let obstacle = judge.obstacle {
            Issue.record("\(judge.testDescription) cannot judge: \(obstacle)")
            return
        }
        let seed = getenv("POSTHORN_CONFORMANCE_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 0...UInt64.max)
        print("conformance: \(judge.testDescription), POSTHORN_CONFORMANCE_SEED=\(seed)")
        var generator = EventGenerator(seed: seed)
        let events = generator.nested(Self.eventsPerFormat) + generator.flat(Self.eventsPerFormat)

        let folder = try TemporaryDirectory()
        let (configuration, expected, output) = (folder.file("receiver.json"), folder.file("expected"), folder.file("output"))
        try write(JudgedFormat.configuration(judge.formats), to: configuration)
        try write(events.map { "\($0.id) \($0.type) \($0.data.utf8.count)\n\($0.data)\n" }.joined(), to: expected)
        let receiver = try ChildProcess(judge.command(configuration, expected), outputPath: output, environment: ["HOST": "127.0.0.1"])
        let failures: [String]
        do {
            defer { receiver.stop() }
            let port = try #require(receiver.waitForPort(), "\(judge.testDescription) does not start: \(receiver.errorLines)")
            failures = try deliver(events, to: judge.formats, port: port, folder)
        }
        receiver.wait()
        #expect(failures.isEmpty, "seed \(seed), the first of what was not answered 200")

        let finding = try finding(judge, configuration, expected, output, folder)
        #expect(finding.mismatches == 0, "seed \(seed): \(finding.reasons)")
        #expect(finding.repeated == 0, "seed \(seed): a request was sent twice")
        for format in judge.formats {
            #expect(finding.right["/" + format.name] == Self.eventsPerFormat, "seed \(seed), \(format.name)")
        }
        print(
            "conformance: \(judge.testDescription) found \(finding.right.values.reduce(0, +)) requests right, \(finding.mismatches) wrong"
        )
    }

    /// Sends every event to the formats that want it, with one attempt each.
    /// - Returns: The first few deliveries that failed, with the receiver's reasons.
    private func deliver(
        _ events: [EventGenerator.GeneratedEvent],
        to formats: [JudgedFormat],
        port: Int,
        _ folder: TemporaryDirectory
    ) throws -> [String] {
        let outbox = try Outbox(path: folder.file("outbox.db"))
        defer { outbox.close() }
        _ = try outbox.apply(
            try Topology(nodes: [Node(id: "c", level: .company)], endpoints: try formats.map { try $0.endpoint(port: port) })
        )
        let egress = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        for format in formats where format.signature == .diio {
            let key = try #require(try outbox.topology().endpoints.first { $0.settings.id == format.name }).key
            try SQLiteStore(path: folder.file("outbox.db"), creating: false, now: Timestamp(milliseconds: 0)).setState(
                .active,
                reason: nil,
                ofEndpoint: key,
                at: Timestamp(milliseconds: 0)
            )
        }
        for start in stride(from: 0, to: events.count, by: 100) { _ = try outbox.emit(events[start..<(start + 100)].map(\.new)) }
        var sender = SenderConfiguration()
        sender.guard = egress
        try Engine(outbox: outbox, configuration: EngineConfiguration(untilSettled: true, sender: sender)).run()

        var failures: [String] = []
        var filter = DeliveryFilter()
        for state in DeliveryState.allCases where state != .delivered {
            filter.state = state
            filter.limit = 5
            var failed: [Delivery] = []
            try outbox.deliveries(filter) { failed.append($0) }
            failures += try failed.map { delivery in
                let outcome = try outbox.attempts(of: delivery.id).last?.outcome
                return
                    "\(delivery.endpoint) \(delivery.state): \(outcome?.errorText ?? "") \(String(decoding: outcome?.response ?? [], as: UTF8.self))"
            }
        }
        return failures
    }

    private func finding(
        _ judge: Judge,
        _ configuration: String,
        _ expected: String,
        _ output: String,
        _ folder: TemporaryDirectory
    ) throws -> Finding {
        guard let words = judge.comparison(configuration, expected, output) else { return try Finding(contents(of: output)) }
        let verdict = folder.file("verdict")
        let comparison = try ChildProcess(words, outputPath: verdict)
        try #require(comparison.wait() == 0, "the comparison failed: \(comparison.errorLines)")
        return try Finding(contents(of: verdict))
    }

    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        let bytes = Array(text.utf8)
        try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }

    private func contents(of path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
