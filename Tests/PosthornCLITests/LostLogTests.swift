import Glibc
import PosthornTestSupport
import Testing

/// Somebody removes the write-ahead log of an outbox that is in use.
@Suite(.limited()) struct LostLogTests {
    /// The log is the only place that has the last commits, until the engine that notices copies them into the database.
    @Test func lostLogKeepsCommitsAndEndsTheRunWithTheReason() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        #expect(try posthorn.run("apply", posthorn.write(SampleTopology.json(url: receiver.url), to: "topology.json")).status == 0)
        let engine = try posthorn.start("run", "--allow", "127.0.0.0/8")
        let lines = (0..<50).map { SampleTopology.event("e\($0)") }.joined(separator: "\n")
        #expect(try posthorn.run("emit", posthorn.write(lines, to: "events.ndjson")).status == 0)
        #expect(receiver.waitForRequests(50).count == 50)
        #expect(unlink(posthorn.database + "-wal") == 0)
        #expect(engine.wait() == 1)
        #expect(posthorn.contents(posthorn.directory.file("run-stderr")).contains("-wal was removed or renamed while the outbox was open"))
        let status = try posthorn.run("status", "--json")
        #expect(status.output.contains(#""events":50,"#), "\(status.output)\(status.errors)")
    }
}
