import Posthorn
import PosthornLab
import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

/// What the vendor simulator sends, with everything that vendors do to receivers, judged by the example receivers: each checks
/// signature and envelope, answers 200 to what is right and 401 to what is not, and prints each event once.
@Suite(.serialized, .limited(seconds: 1800)) struct SimulatedRequestTests {
    private static let faults = "duplicates=10%,reorder=10%,late=5%,burst=2%,slow-200=5%"
    /// A query carries neither types nor what is nested.
    private static let ofBodies = ",unknown-type=5%,unknown-field=5%"
    private static let count = 150

    @Test(.enabled(if: Judge.python.takesPart, "the judge cannot be had here; a line above says why"))
    func thePythonReceiverTakesEverySimulatedRequest() throws { try everyRequestIsTaken(by: .python) }

    @Test(.enabled(if: Judge.node.takesPart, "the judge cannot be had here; a line above says why"))
    func theNodeReceiverTakesEverySimulatedRequest() throws { try everyRequestIsTaken(by: .node) }

    @Test(.enabled(if: Judge.swift.takesPart, "the judge cannot be had here; a line above says why"))
    func theSwiftReceiverTakesEverySimulatedRequest() throws { try everyRequestIsTaken(by: .swift) }

    private func everyRequestIsTaken(by judge: Judge) throws {
        guard judge.isThere() else { return }
        let folder = try TemporaryDirectory()
        let formats = JudgedFormat.vendors
        let (configuration, output) = (folder.file("receiver.json"), folder.file("output"))
        try TextFile.write(JudgedFormat.configuration(formats), to: configuration)
        let receiver = try ChildProcess(judge.command(configuration, "/dev/null"), outputPath: output)
        var expected: [String: Int] = [:]
        do {
            defer { receiver.stop() }
            let port = try #require(receiver.waitForPort(), "\(judge.testDescription) does not start: \(receiver.errorLines)")
            for format in formats { expected["/" + format.name] = try play(format, port: port, in: folder) }
        }
        receiver.wait()
        #expect(receiver.errorLines.filter { !$0.hasPrefix("listening") } == [], "nothing was refused")
        var handled: [String: Int] = [:]
        for line in TextFile.contents(of: output).split(separator: "\n") {
            if case .string(let path) = try JSONValue.parse(Array(line.utf8))["path"] { handled[path, default: 0] += 1 }
        }
        #expect(handled == expected, "each event once, whatever was sent twice")
    }

    /// Plays a vendor's stories; says how many different events the receiver has got.
    private func play(_ format: JudgedFormat, port: Int, in folder: TemporaryDirectory) throws -> Int {
        let vendor = ScenarioVendor(rawValue: format.envelope.rawValue) ?? .weseedo
        let simulation = Simulation(
            vendor,
            count: Self.count,
            pace: .stream(perSecond: 1),
            faults: try SimulationFaults(Self.faults + (format.method == .post ? Self.ofBodies : "")),
            seed: 11,
            start: Timestamp(milliseconds: 1_740_960_000_000)
        )
        var target = try format.endpoint(port: port)
        (target.node, target.retry) = ("", .standard)
        target.events = format.method == .post ? [] : [try EventPattern("*.answered")]
        let first = try Outbox(path: folder.file("\(format.name).db"))
        let second = try Outbox(path: folder.file("\(format.name)-twice.db"))
        defer {
            first.close()
            second.close()
        }
        var options = SimulationOptions()
        options.speed = 100_000
        options.sender.guard = OwnedHostGuard.make(isOwned: false)
        let simulator = try VendorSimulator(
            simulation,
            to: [target],
            outbox: first,
            second: second,
            options: options,
            log: { _ in }
        )
        let result = try simulator.run()
        let sent = simulation.departures.filter { target.wants($0.event.type) }
        #expect(result.deliveries == [.delivered: Int64(sent.count)], "\(format.name)")
        // A duplicate that comes while the first is being handled is answered 503, and comes again.
        let slow = sent.count { simulation.slowlyAnswered.contains($0.event.id) }
        #expect(slow > 0 && result.attempts >= sent.count + slow, "\(format.name)")
        return Set(sent.map(\.event.id)).count
    }
}
