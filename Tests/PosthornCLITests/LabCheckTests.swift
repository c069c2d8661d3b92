import Glibc
import PosthornTestSupport
import Testing

/// `posthorn check` as a process.
@Suite(.limited()) struct LabCheckTests {
    private static let words = ["--vendor", "standard", "--credential", "secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]

    /// Both the ledger and the load would be waited for for an hour.
    @Test(arguments: [
        (["--ledger", "processed.ndjson", "--ledger-wait", "1h", "--no-load"], 7, "the same event twice"),
        (["--duration", "1h"], 60, "JSON that is cut off"),
    ])
    func aSignalEndsItAndIsNamed(_ flags: [String], _ requests: Int, _ last: String) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let flags = flags.map { $0 == "processed.ndjson" ? posthorn.directory.file($0) : $0 }
        let running = try posthorn.start(["check", receiver.url, "--json"] + Self.words + flags)
        #expect(receiver.waitForRequests(requests).count >= requests)
        running.send(SIGINT)
        #expect(running.wait() == 1)
        let errors = posthorn.contents(posthorn.directory.file("run-stderr"))
        #expect(errors.contains("posthorn: stopped before everything was tried"), "\(errors)")
        let rows = posthorn.contents(posthorn.directory.file("run-stdout")).split(separator: "\n")
        #expect(rows.last?.contains("\"\(last)\"") == true, "\(rows)")
    }
}
