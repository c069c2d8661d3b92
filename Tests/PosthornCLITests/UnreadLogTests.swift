import Glibc
import PosthornTestSupport
import Testing

/// A log that nobody reads, which fills its pipe, keeps no run from ending.
@Suite(.limited()) struct UnreadLogTests {
    /// Enough failed attempts for several pipes.
    private static let events = 2000

    private func prepared(_ receiver: MisbehavingReceiver) throws -> PosthornProcess {
        let posthorn = try PosthornProcess()
        let topology = SampleTopology.json(url: receiver.url, retry: #"["0"]"#)
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        let lines = (0..<Self.events).map { SampleTopology.event("e\($0)") }.joined(separator: "\n")
        #expect(try posthorn.run("emit", posthorn.write(lines, to: "events.ndjson")).status == 0)
        return posthorn
    }

    @Test func aRunUntilSettledEndsAndSaysHowManyLinesWereLost() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let posthorn = try prepared(receiver)
        let (run, log) = try posthorn.startLogging("run", "--log-level", "debug", "--until-settled", "--allow", "127.0.0.0/8", "--json")
        #expect(run.wait() == 0)
        withExtendedLifetime(log) {}
        let summary = posthorn.contents(posthorn.directory.file("run-stdout"))
        let lost = summary.firstMatch(of: /"log_lines_lost":(\d+)/).flatMap { Int($0.1) }
        #expect((1...Self.events + 10).contains(lost ?? 0), "\(summary)")
    }

    @Test func aStopSignalEndsARun() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let posthorn = try prepared(receiver)
        let (run, log) = try posthorn.startLogging("run", "--log-level", "debug", "--allow", "127.0.0.0/8")
        #expect(receiver.waitForRequests(Self.events).count == Self.events)
        run.send(SIGTERM)
        #expect(run.wait() == 0)
        withExtendedLifetime(log) {}
        #expect(posthorn.contents(posthorn.directory.file("run-stdout")).contains("left out, because nobody read"))
    }
}
