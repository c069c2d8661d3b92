import Glibc
import PosthornTestSupport
import Testing

/// The key of sealed credentials, with the real program: missing, wrong, changed, lost.
@Suite(.limited()) struct KeyEndToEndTests {
    private let posthorn: PosthornProcess
    private let key: [String]
    private let newKey: [String]
    private static let run = ["run", "--until-settled", "--allow", "127.0.0.0/8"]

    init() throws {
        posthorn = try PosthornProcess()
        key = ["--key-file", posthorn.write(String(repeating: "5a", count: 32) + "\n", to: "key")]
        newKey = ["--key-file", posthorn.write(String(repeating: "a5", count: 32), to: "new-key")]
    }

    /// Endpoints that need the key, with a fixed header of some length, and one that needs none.
    private func apply(_ count: Int = 2, url: String = "http://127.0.0.1:1/", padding: Int = 10, with words: [String]? = nil) throws
        -> PosthornProcess.Result
    {
        let value = String(repeating: "x", count: padding)
        let endpoints = (0..<count).map { number in
            """
            {"id": "s\(number)", "node": "c1", "url": "\(url)", "vendor": "standard", "retry": ["0"], "headers": {"x-pad": "\(value)"},
             "credentials": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
            """
        }
        let plain = #"{"id": "plain", "node": "c1", "url": "\#(url)", "vendor": "weseedo", "retry": ["0"]}"#
        let nodes = #""nodes": [{"id": "c1", "level": "company"}]"#
        let topology = "{\(nodes), \"endpoints\": [\((endpoints + [plain]).joined(separator: ","))]}"
        return try posthorn.run(["apply", posthorn.write(topology, to: "topology.json")] + (words ?? key), input: [])
    }

    private func emit() throws {
        _ = try posthorn.run("emit", input: #"{"type":"MEETING_STARTED","node":"c1","data":{"id":"m1"}}"#)
    }

    private func broken(_ words: [String]) throws -> [String] {
        let status = try posthorn.run(["status"] + words, input: []).lines.filter { $0.hasPrefix("broken") }
        let list = try posthorn.run(["endpoint", "list"] + words, input: []).lines.filter { $0.contains("broken: ") }
        let json = try posthorn.run(["endpoint", "list", "--json"] + words, input: []).lines.filter { !$0.contains(#""broken":null"#) }
        #expect(status.count == list.count && status.count == json.count, "\(status) \(list) \(json)")
        return status
    }

    private func doctor(_ words: [String]) throws -> [String] {
        try posthorn.run(["doctor"] + words, input: []).lines.filter { $0.contains("  endpoint  ") }
    }

    /// The engine was started without the key: whoever asks without it hears what it found, and when; whoever has it sees that
    /// all is well.
    @Test func endpointsUnusableWithoutTheKeyAreReportedUntilMended() throws {
        #expect(try apply().status == 0)
        #expect(try broken([]).isEmpty && broken(key).isEmpty)
        try emit()
        #expect(try posthorn.run(Self.run, input: []).status == 0)
        let found = try broken([])
        #expect(found.count == 2 && found.allSatisfy { $0.contains("give the key they were sealed with") }, "\(found)")
        #expect(found[0].contains(/s0: as of the last engine \(20[0-9T:.-]+Z\), which could not use it: the credentials/), "\(found)")
        #expect(try doctor([]).count { $0.hasPrefix("warn") && $0.contains("as of the last engine") } == 2)
        #expect(try broken(key).isEmpty)
        let waits = try doctor(key)
        #expect(
            waits.count == 2 && waits[0].contains("it can be used now, and 1 delivery waits for posthorn run to be started"),
            "\(waits)"
        )
        // What is written anew is not what that run looked at.
        #expect(try apply(padding: 11).output.contains("changed endpoint s0 (headers)"))
        #expect(try broken([]).isEmpty && broken(key).isEmpty && doctor(key).isEmpty)
        let wrong = try broken(newKey)
        #expect(wrong.count == 2 && wrong.allSatisfy { $0.contains("do not open with this key") })
        // Found again, and taken back by a run that has the key.
        #expect(try posthorn.run(Self.run, input: []).status == 0)
        #expect(try broken([]).count == 2)
        #expect(try posthorn.run(Self.run + key, input: []).status == 0)
        #expect(try broken([]).isEmpty && doctor(key).isEmpty)
    }

    /// Where not even one endpoint can be used, the run does not start; that is said afterwards too.
    @Test func aRunThatDidNotStartForWantOfTheKeyLeavesWord() throws {
        let topology = """
            {"nodes": [{"id": "c1", "level": "company"}], "endpoints": [
              {"id": "s", "node": "c1", "url": "https://s.example/", "vendor": "standard",
               "credentials": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}} ] }
            """
        #expect(try posthorn.run(["apply", posthorn.write(topology, to: "topology.json")] + key, input: []).status == 0)
        let refused = try posthorn.run("run", "--until-settled")
        #expect(refused.status == 1 && refused.errors.contains("no key was given"))
        #expect(try broken([]).count == 1 && broken(key).isEmpty)
    }

    @Test func applyWithAWrongKeyNamesBothRemediesAndTheLastOneTellsWhatItCosts() throws {
        #expect(try apply().status == 0)
        #expect(try posthorn.run(["endpoint", "rotate", "s0"] + key, input: []).status == 0)
        for given in [[], newKey] {
            let refused = try apply(with: given)
            #expect(refused.status == 1 && refused.errorLines.count == 1 && refused.output.isEmpty)
            #expect(
                refused.errors.contains("give the key they were sealed with") && refused.errors.contains("--key-lost"),
                "\(refused.errors)"
            )
        }
        let lost = try apply(with: newKey + ["--key-lost"])
        #expect(lost.status == 0 && lost.lines.count == 2)
        #expect(
            lost.lines.allSatisfy { $0.hasSuffix("(credentials, headers, unreadable values, any rotation taken back)") },
            "\(lost.output)"
        )
        // The secret of the file is in force, so it can be given as a new one no more.
        let rotated = try posthorn.run(
            ["endpoint", "rotate", "s0", "--secret-stdin"] + newKey,
            input: Array("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".utf8)
        )
        #expect(rotated.errors.contains("already in use"), "\(rotated.errors)")
    }

    @Test func aKeyIsChangedOnPurposeAndRotationsStay() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        #expect(try apply(url: receiver.url).status == 0)
        #expect(try posthorn.run(["endpoint", "rotate", "s0"] + key, input: []).output.contains("signs too until"))
        let change = ["rekey", "--new-key-file", newKey[1]]
        #expect(try posthorn.run("rekey").status == 2)
        #expect(try posthorn.run(["rekey", "--new-key-file", key[1]] + key, input: []).errors.contains("the present one"))
        let keyless = try posthorn.run(change, input: [])
        #expect(keyless.status == 1 && keyless.errors.contains("nothing was changed"), "\(keyless.errors)")
        let engine = try posthorn.start(["run", "--allow", "127.0.0.0/8"] + key)
        #expect(posthorn.waitForError("hierarchy read"))
        let refused = try posthorn.run(change + key, input: [])
        #expect(refused.status == 1 && refused.errors.contains("stop posthorn run, change the key"), "\(refused.errors)")
        engine.send(SIGTERM)
        #expect(engine.wait() == 0)
        #expect(try posthorn.run(change + key, input: []).output.hasPrefix("the credentials of 2 endpoints are sealed with the new key"))
        #expect(try broken(newKey).isEmpty && broken(key).count == 2)
        #expect(try posthorn.run(change + key + ["--json"], input: []).output == #"{"endpoints":2}"# + "\n")
        try emit()
        #expect(try posthorn.run(Self.run + newKey, input: []).output.contains("3 delivered"))
        // Two secrets sign what goes to the rotated one, as before.
        let signatures = receiver.requests.compactMap { $0.header("webhook-signature") }
        #expect(signatures.map { $0.split(separator: " ").count }.sorted() == [1, 2], "\(signatures)")
    }

    /// Killed when the first page of its commit has been written, and at other moments: one of the keys opens everything.
    @Test func aKillLeavesEverythingUnderOneKey() throws {
        let count = 300
        #expect(try apply(count, padding: 4000).status == 0)
        var (present, next) = (key, newKey)
        var kills = 0
        for _ in 0..<10 {
            let watch = FileWatch(posthorn.database + "-wal")
            let process = try posthorn.start(["rekey", "--new-key-file", next[1]] + present)
            watch.waitForChange()
            process.send(SIGKILL)
            let isKilled = process.wait() == 128 + SIGKILL
            let (brokenBefore, brokenAfter) = (try brokenCount(present), try brokenCount(next))
            #expect([brokenBefore, brokenAfter].sorted() == [0, count], "\(brokenBefore) \(brokenAfter)")
            #expect(isKilled || brokenAfter == 0)
            if isKilled && brokenBefore == 0 { kills += 1 }
            // The same command again is right whatever was done.
            #expect(try posthorn.run(["rekey", "--new-key-file", next[1]] + present, input: []).status == 0)
            #expect(try brokenCount(next) == 0 && brokenCount(present) == count)
            swap(&present, &next)
        }
        print("rekey: \(kills) of 10 kills came before the commit was whole")
        #expect(kills > 0)
    }

    private func brokenCount(_ words: [String]) throws -> Int {
        let line = try posthorn.run(["status", "--json"] + words, input: []).output
        return Int(try #require(line.firstMatch(of: /"broken_count":([0-9]+)/)).output.1) ?? -1
    }
}

/// Tells when a file is written to, which need not be there yet.
private final class FileWatch {
    private let descriptor: Int32
    private let name: [UInt8]

    init(_ path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        name = Array((parts.last ?? "").utf8)
        descriptor = inotify_init1(Int32(IN_CLOEXEC))
        inotify_add_watch(descriptor, parts.dropLast().joined(separator: "/"), UInt32(IN_MODIFY))
    }

    deinit { close(descriptor) }

    /// The events of a read have the names of the files in them.
    func waitForChange() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var count = 0
        repeat { count = read(descriptor, &buffer, buffer.count) } while count > 0 && buffer[..<count].firstRange(of: name) == nil
    }
}
