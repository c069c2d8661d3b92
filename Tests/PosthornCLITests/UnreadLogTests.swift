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
        #expect(posthorn.contents(posthorn.directory.file("run-stdout")).contains("left out, because standard error was not read"))
    }

    /// The pipe is full before the command has anything to say.
    @Test func aLoadThatFailsEndsWithItsReport() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let posthorn = try PosthornProcess()
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        try #require(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
        let filling = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        while write(ends[1], filling, filling.count) > 0 {}
        let files = [posthorn.write("", to: "stdin"), posthorn.write("", to: "run-stdout"), "/proc/self/fd/\(ends[1])"]
        let load = try posthorn.start(["load", receiver.url, "--count", "2", "--connections", "1"], files)
        #expect(load.wait() == 1)
        #expect(posthorn.contents(posthorn.directory.file("run-stdout")).contains("500: 2"))
    }
}
