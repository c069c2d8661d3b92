import Glibc
import Posthorn
import PosthornModel
import PosthornText
import PosthornOutbox
import PosthornSending
import PosthornTestSupport
import Testing

/// Events emitted, delivered by the engine to a judge, and what that judge has found.
struct ConformanceRun {
    /// What a judge has found.
    struct Finding {
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

    let judge: Judge
    let seed: UInt64
    /// The endpoints.
    let formats: [JudgedFormat]
    /// What is emitted.
    let events: [EventGenerator.GeneratedEvent]
    /// What the judge is told of the formats.
    var hooks: [JudgedFormat]
    /// What the judge is told of the events.
    var expected: [EventGenerator.GeneratedEvent]
    private let folder: TemporaryDirectory

    init(_ judge: Judge, eventsPerFormat count: Int, formats: [JudgedFormat]? = nil) throws {
        self.judge = judge
        seed = getenv("POSTHORN_CONFORMANCE_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 0...UInt64.max)
        print("conformance: \(judge.testDescription), POSTHORN_CONFORMANCE_SEED=\(seed)")
        self.formats = formats ?? judge.formats
        var generator = EventGenerator(seed: seed)
        events = generator.nested(count) + generator.flat(count)
        hooks = self.formats
        expected = events
        folder = try TemporaryDirectory()
    }

    /// Starts the judge, delivers everything, stops the judge and reads its finding.
    /// - Returns: The finding, and the first few deliveries that failed with the receiver's reasons.
    mutating func result() throws -> (finding: Finding, failures: [String]) {
        let (configuration, emitted, output) = (folder.file("receiver.json"), folder.file("expected"), folder.file("output"))
        try TextFile.write(JudgedFormat.configuration(hooks), to: configuration)
        try TextFile.write(expected.map { "\($0.id) \($0.type) \($0.data.utf8.count)\n\($0.data)\n" }.joined(), to: emitted)
        let receiver = try ChildProcess(judge.command(configuration, emitted), outputPath: output)
        let failures: [String]
        do {
            defer { receiver.stop() }
            let port = try #require(receiver.waitForPort(), "\(judge.testDescription) does not start: \(receiver.errorLines)")
            failures = try deliver(port: port)
        }
        receiver.wait()
        var result = output
        if let words = judge.comparison(configuration, emitted, output) {
            result = folder.file("verdict")
            let comparison = try ChildProcess(words, outputPath: result)
            try #require(comparison.wait() == 0, "the comparison failed: \(comparison.errorLines)")
        }
        let finding = try Finding(TextFile.contents(of: result))
        let right = finding.right.values.reduce(0, +)
        print("conformance: \(judge.testDescription) found \(right) requests right and \(finding.mismatches) wrong")
        return (finding, failures)
    }

    /// Sends every event to the formats that want it, with one attempt each.
    private func deliver(port: Int) throws -> [String] {
        let outbox = try Outbox(path: folder.file("outbox.db"))
        defer { outbox.close() }
        _ = try outbox.apply(
            try Topology(nodes: [Node(id: "c", level: .company)], endpoints: try formats.map { try $0.endpoint(port: port) })
        )
        let egress = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        for format in formats where format.signature == .diio {
            #expect(try outbox.verify(endpoint: format.name, guard: egress).state == .active)
        }
        for start in stride(from: 0, to: events.count, by: 100) {
            _ = try outbox.emit(events[start..<min(start + 100, events.count)].map(\.new))
        }
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
}
