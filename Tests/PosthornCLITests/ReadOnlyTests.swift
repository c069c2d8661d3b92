import Glibc
import PosthornTestSupport
import Testing

/// What a user that may only read an outbox can do.
@Suite(.limited()) struct ReadOnlyTests {
    private let posthorn: PosthornProcess

    init() throws {
        posthorn = try PosthornProcess()
        #expect(try posthorn.run("apply", posthorn.write(SampleTopology.json(), to: "topology.json")).status == 0)
        #expect(try posthorn.run("emit", posthorn.write(SampleTopology.event("e"), to: "events.ndjson")).status == 0)
    }

    private static let commands = [
        ["status"], ["deliveries"], ["attempts", "1"], ["endpoint", "list"], ["deliveries", "--json"],
    ]

    @Test(arguments: commands)
    func listsWorkOnAFileThatNobodyHasOpen(words: [String]) throws {
        removeLog()
        chmod(posthorn.database, 0o444)
        defer { chmod(posthorn.directory.path, 0o755) }
        let result = try runAsReader(words)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.isEmpty)
    }

    /// Runs as a user that may only read the file and its folder; where the tests are not root's, as their own.
    private func runAsReader(_ words: [String]) throws -> (status: Int32, output: String, errors: String) {
        let files = [posthorn.write("", to: "stdin"), posthorn.write("", to: "stdout"), posthorn.write("", to: "stderr")]
        for file in files { chmod(file, 0o666) }
        chmod(posthorn.directory.path, 0o555)
        let isRoot = geteuid() == 0
        let other = ["--reuid=65534", "--regid=65534", "--clear-groups", "--", PosthornProcess.binary]
        let binary = isRoot ? "/usr/bin/setpriv" : PosthornProcess.binary
        let run = try posthorn.start((isRoot ? other : []) + words, files, binary: binary)
        return (run.wait(), posthorn.contents(files[1]), posthorn.contents(files[2]))
    }

    /// As after the last program that had it open has closed it.
    private func removeLog() {
        unlink(posthorn.database + "-wal")
        unlink(posthorn.database + "-shm")
    }

    @Test func doctorSaysThatTheFileCanOnlyBeRead() throws {
        removeLog()
        chmod(posthorn.database, 0o444)
        defer { chmod(posthorn.directory.path, 0o755) }
        let result = try runAsReader(["doctor"])
        #expect(result.output.contains("can only be read by this user"), "\(result.output)")
        // The delivery is due, and no engine runs.
        #expect(result.status == 1)
        #expect(result.output.contains("not running, and 1 delivery is due"), "\(result.output)")
    }

    @Test func unreadableWALIsReported() throws {
        _ = posthorn.write("not empty", to: "outbox.db-wal")
        unlink(posthorn.database + "-shm")
        chmod(posthorn.database, 0o444)
        chmod(posthorn.database + "-wal", 0o444)
        defer { chmod(posthorn.directory.path, 0o755) }
        let result = try runAsReader(["status"])
        #expect(result.status == 1)
        #expect(result.errors.contains("has commits in its log"), "\(result.errors)")
    }

    @Test func statusNeedsNoKeyAndIsNotKeptFromWorkByABadOne() throws {
        let result = try posthorn.run(["status", "--json"], environment: ["POSTHORN_KEY": "no key at all"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains(#""overdue":1"#))
        let doctor = try posthorn.run(["doctor"], environment: ["POSTHORN_KEY": "no key at all"])
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("POSTHORN_KEY"), "\(doctor.output)")
    }
}
