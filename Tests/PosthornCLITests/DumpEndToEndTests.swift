import Glibc
import PosthornTestSupport
import Testing

/// Whether the memory of a running command, with its secrets, can be read by other processes of its user.
@Suite(.limited()) struct DumpEndToEndTests {
    /// The user that `/proc/PID` belongs to: root's for a process that cannot be dumped, else the process's own (proc_pid(5)).
    private func owner(_ environment: [String: String]) throws -> (owner: uid_t, user: uid_t) {
        let posthorn = try PosthornProcess()
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let log = PosthornProcess.LogReader(descriptor: ends[0])
        let files = [posthorn.write("", to: "stdin"), posthorn.write("", to: "stdout"), "/proc/self/fd/\(ends[1])"]
        let command = ["receive", "--port", "0"]
        // As root the two would be the same.
        let isRoot = geteuid() == 0
        let other: uid_t = 65_534
        let running =
            isRoot
            ? try posthorn.start(
                ["--reuid=\(other)", "--clear-groups", PosthornProcess.binary] + command,
                files,
                binary: "/usr/bin/setpriv",
                environment: environment
            ) : try posthorn.start(command, files, environment: environment)
        close(ends[1])
        #expect(log.wait(for: "receiving on"))
        var facts = stat()
        #expect(stat("/proc/\(running.id)/environ", &facts) == 0)
        running.send(SIGTERM)
        _ = running.wait()
        return (facts.st_uid, isRoot ? other : geteuid())
    }

    @Test func theMemoryIsClosedToOthersUnlessItIsAskedFor() throws {
        #expect(try owner([:]).owner == 0)
        let open = try owner(["POSTHORN_DUMPABLE": "1"])
        #expect(open.owner == open.user)
    }
}
