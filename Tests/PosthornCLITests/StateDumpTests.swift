import Glibc
import PosthornTestSupport
import Testing

/// SIGUSR1 to a running engine.
@Suite(.limited()) struct StateDumpTests {
    @Test func aRunningEngineSaysWhatItHasInMemoryWhateverItsLogLevel() throws {
        let posthorn = try PosthornProcess()
        let receiver = try MisbehavingReceiver { _ in Reply.ok.held }
        let topology = """
            {"nodes": [{"id": "s", "level": "site"}], "endpoints": [{"id": "slow", "node": "s", "url": "\(receiver.url)", "vendor": "weseedo"}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        let lines = (0..<100).map { SampleTopology.event("e\($0)", node: "s") }
        #expect(try posthorn.run("emit", posthorn.write(lines.joined(separator: "\n"), to: "events")).status == 0)
        let (engine, log) = try posthorn.startLogging("run", "--allow", "127.0.0.0/8", "--log", "json", "--log-level", "error")
        receiver.waitForRequests(1)
        engine.send(SIGUSR1)
        // An endpoint of which nothing is known may have 16 in memory, one of which is on the wire at least; 84 wait behind.
        #expect(log.wait(for: #""event":"senders""#))
        #expect(log.wait(for: #""event":"in_memory","message":"what the engine has in memory","claims":16,"claim_limit":4096"#))
        #expect(log.wait(for: #""endpoints_with_more":1"#))
        #expect(log.wait(for: #""endpoint":"slow","held":16,"limit":16"#))
        #expect(log.wait(for: #""more_waits":"yes""#))
        receiver.release()
        receiver.waitForRequests(100)
        engine.send(SIGTERM)
        #expect(engine.wait() == 0)
    }

    @Test func withTraceEachDeliveryHasALine() throws {
        let posthorn = try PosthornProcess()
        let receiver = try MisbehavingReceiver { _ in .ok }
        let topology = """
            {"nodes": [{"id": "s", "level": "site"}], "endpoints": [{"id": "e", "node": "s", "url": "\(receiver.url)", "vendor": "weseedo"}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        #expect(try posthorn.run("emit", posthorn.write(SampleTopology.event("e1", node: "s"), to: "event")).status == 0)
        let words = ["run", "--until-settled", "--allow", "127.0.0.0/8", "--log", "json", "--log-level", "trace"]
        let result = try posthorn.run(words)
        #expect(
            result.errors.contains(
                #""level":"trace","event":"delivered","message":"delivered","delivery":1,"endpoint":"e","event_id":"e1""#
            )
        )
        #expect(result.status == 0)
    }

    @Test func standbyAnswersADumpAndGoesOn() throws {
        let posthorn = try PosthornProcess()
        #expect(try posthorn.run("apply", posthorn.write(#"{"nodes": []}"#, to: "topology.json")).status == 0)
        let (first, firstLog) = try posthorn.startLogging("run", "--log", "json")
        #expect(firstLog.wait(for: #""event":"started""#))
        let (second, secondLog) = try posthorn.startLogging("run", "--log", "json")
        #expect(secondLog.wait(for: #""event":"standing_by""#))
        second.send(SIGUSR1)
        #expect(secondLog.wait(for: #""event":"senders","message":"the engine delivers nothing: it starts, stands by, or ends""#))
        first.send(SIGTERM)
        #expect(first.wait() == 0)
        #expect(secondLog.wait(for: #""event":"started""#))
        second.send(SIGTERM)
        #expect(second.wait() == 0)
    }
}
