import PosthornTestSupport
import Testing

/// The command on a disk that takes nothing more.
@Suite(.enabled(if: SmallDisk.isAvailable, "only root can mount a small file system"), .limited())
struct DiskEndToEndTests {
    @Test func aFullDiskIsOneLineAndNothingIsAcknowledged() throws {
        let (posthorn, disk) = try outbox()
        disk.fill()
        let lines = (0..<300).map { SampleTopology.event("e\($0)") }.joined(separator: "\n")
        let emitted = try posthorn.run("emit", "--db", disk.file("o.db"), posthorn.write(lines, to: "events"))
        #expect(emitted.status == 1)
        #expect(emitted.errorLines.count == 1 && emitted.errors.contains("is full"), "\(emitted.errors)")
        disk.empty()
        #expect(try posthorn.run("deliveries", "--db", disk.file("o.db"), "--json").lines.isEmpty)
        #expect(try posthorn.run("emit", "--db", disk.file("o.db"), posthorn.write(lines, to: "events")).status == 0)
        #expect(try posthorn.run("deliveries", "--db", disk.file("o.db"), "--json", "--limit", "1000").lines.count == 300)
    }

    @Test(arguments: [["emit", "events"], ["run", "--until-settled"], ["apply", "topology.json"]])
    func aReadOnlyFileSystemIsOneLine(_ words: [String]) throws {
        let (posthorn, disk) = try outbox()
        _ = posthorn.write(SampleTopology.event(), to: "events")
        try disk.makeReadOnly()
        let files = ["events", "topology.json"]
        let command =
            [words[0], "--db", disk.file("o.db")] + words.dropFirst().map { files.contains($0) ? posthorn.directory.file($0) : $0 }
        let result = try posthorn.run(command, input: [])
        #expect(result.status == 1)
        #expect(result.errorLines.count == 1 && result.errors.hasPrefix("posthorn: "), "\(result.errors)")
    }

    private func outbox() throws -> (PosthornProcess, SmallDisk) {
        let posthorn = try PosthornProcess()
        let disk = try SmallDisk(bytes: 2 << 20)
        #expect(
            try posthorn.run("apply", "--db", disk.file("o.db"), posthorn.write(SampleTopology.json(), to: "topology.json")).status == 0
        )
        return (posthorn, disk)
    }
}
