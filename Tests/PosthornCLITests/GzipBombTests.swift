import PosthornTestSupport
import Testing

/// The engine's memory while receivers send what would be gigabytes if anybody inflated it.
@Suite(.limited()) struct GzipBombTests {
    @Test func answersThatInflateToGigabytesLeaveTheMemoryFlat() throws {
        let bomb = try GzipBomb(inflatedBytes: 100 << 20)
        let small = try peak { _ in .ok }
        let large = try peak { _ in bomb.reply() }
        // 64 at once would be 6.4 GB inflated; what is read of them as they are is 64 times 64 KiB.
        #expect(large - small < 32 * 1024, "\(small) KiB without bombs, \(large) KiB with them")
    }

    private func peak(_ behaviour: @escaping MisbehavingReceiver.Behaviour) throws -> Int {
        let receiver = try MisbehavingReceiver(behaviour)
        let posthorn = try PosthornProcess()
        #expect(try posthorn.run("apply", posthorn.write(SampleTopology.json(url: receiver.url), to: "topology.json")).status == 0)
        let lines = (0..<200).map { SampleTopology.event("e\($0)") }.joined(separator: "\n")
        #expect(try posthorn.run("emit", input: lines).status == 0)
        let run = try posthorn.run(["run", "--until-settled", "--allow", "127.0.0.0/8"])
        #expect(run.status == 0 && run.output.contains("200 delivered"), "\(run.output)\(run.errors)")
        return run.peakKiB
    }
}
