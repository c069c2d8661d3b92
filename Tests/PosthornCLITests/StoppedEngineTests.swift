import Glibc
import PosthornTestSupport
import Testing

/// An engine that is stopped (SIGSTOP) while requests are on the wire.
@Suite(.limited(seconds: 300)) struct StoppedEngineTests {
    private static let count = 8
    /// Longer than a busy machine needs to bring all requests to their receiver.
    private static let timeoutSeconds = 10

    private func start(_ receiver: MisbehavingReceiver) throws -> (PosthornProcess, PosthornProcess.Running) {
        let posthorn = try PosthornProcess()
        let timeout = #""timeout_ms": \#(Self.timeoutSeconds * 1000)"#
        let topology = """
            {"nodes": [{"id": "s", "level": "site"}],
             "endpoints": [{"id": "e", "node": "s", "url": "\(receiver.url)", "vendor": "weseedo", "retry": ["0"], \(timeout)}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        let lines = (0..<Self.count).map { SampleTopology.event("e\($0)", node: "s") }
        #expect(try posthorn.run("emit", posthorn.write(lines.joined(separator: "\n"), to: "events")).status == 0)
        let engine = try posthorn.start("run", "--until-settled", "--allow", "127.0.0.0/8")
        // All of them are on the wire, none is answered.
        try #require(receiver.waitForRequests(Self.count).count == Self.count)
        return (posthorn, engine)
    }

    @Test func answersThatLieInItsSocketsCount() throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.held }
        let (posthorn, engine) = try start(receiver)
        engine.send(SIGSTOP)
        receiver.release()
        let status = try posthorn.run("status")
        #expect(status.output.contains("process \(engine.id) is stopped (SIGSTOP, or a debugger)"), "\(status.output)")
        #expect(try posthorn.run("doctor").output.contains("problem  engine"))
        // Nothing comes while it is stopped, for longer than the endpoint's time-out.
        #expect(receiver.waitForRequests(Self.count + 1, seconds: Self.timeoutSeconds + 1).count == Self.count)
        engine.send(SIGCONT)
        #expect(engine.wait() == 0)
        #expect(receiver.requests.count == Self.count)
        #expect(try posthorn.run("deliveries", "--json").lines.allSatisfy { $0.contains(#""state":"delivered","attempts":1"#) })
    }

    /// The time-out still comes, later by the time in which nothing ran.
    @Test func whoDoesNotAnswerTimesOutAllTheSame() throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.held }
        let (posthorn, engine) = try start(receiver)
        engine.send(SIGSTOP)
        #expect(receiver.waitForRequests(Self.count + 1, seconds: 1).count == Self.count)
        engine.send(SIGCONT)
        #expect(engine.wait() == 0)
        let lines = try posthorn.run("deliveries", "--json").lines
        #expect(lines.count == Self.count && lines.allSatisfy { $0.contains(#""error":"timeout""#) }, "\(lines)")
    }
}
