import Glibc
import PosthornTestSupport
import Testing

/// The built command on a machine that runs out: of descriptors, of memory.
@Suite(.limited()) struct ShortageTests {
    private static let events = 60
    private static let endpoints = 8

    private let posthorn: PosthornProcess

    init() throws { posthorn = try PosthornProcess() }

    /// Endpoints on hosts of their own, so that each needs connections of its own.
    private func apply(_ receivers: [MisbehavingReceiver]) throws {
        let endpoints = receivers.enumerated().map { number, receiver in
            #"{"id": "e\#(number)", "node": "s", "url": "\#(receiver.url)", "vendor": "weseedo", "retry": ["0", "1m"]}"#
        }
        let topology = #"{"nodes": [{"id": "s", "level": "site"}], "endpoints": [\#(endpoints.joined(separator: ","))]}"#
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
    }

    private func emit() throws {
        let lines = (0..<Self.events).map { SampleTopology.event("e\($0)", node: "s") }
        #expect(try posthorn.run("emit", posthorn.write(lines.joined(separator: "\n"), to: "events")).status == 0)
    }

    private func checkDelivered(_ receivers: [MisbehavingReceiver]) throws {
        let rows = try posthorn.run(["deliveries", "--json", "--limit", "10000"]).lines
        #expect(rows.count == Self.events * receivers.count)
        // The shortage was the machine's own, so nobody's attempts were used up by it.
        #expect(rows.allSatisfy { $0.contains(#""state":"delivered","attempts":1"#) })
        for receiver in receivers { #expect(receiver.requests.count == Self.events) }
    }

    /// Sets what a running process may have open, with util-linux's program.
    private func limit(_ process: pid_t, descriptors: Int) throws {
        let words = ["--pid", "\(process)", "--nofile=\(descriptors):"]
        let files = [posthorn.write("", to: "in"), posthorn.write("", to: "out"), posthorn.write("", to: "err")]
        #expect(try posthorn.start(words, files, binary: "/usr/bin/prlimit").wait() == 0, "\(posthorn.contents(files[2]))")
    }

    /// The limit under which a process can open so many more. What it has open need not have the lowest numbers.
    private func limit(leaving room: Int, of process: pid_t) throws -> Int {
        try #require(access("/proc/\(process)/fd", R_OK | X_OK) == 0)
        var (number, free) = (0, 0)
        while free < room {
            if faccessat(AT_FDCWD, "/proc/\(process)/fd/\(number)", F_OK, AT_SYMLINK_NOFOLLOW) != 0 { free += 1 }
            number += 1
        }
        return number
    }

    @Test func descriptorExhaustionPausesSendingAndLosesNothing() throws {
        let receivers = try (0..<Self.endpoints).map { _ in try MisbehavingReceiver { _ in Reply.ok.held } }
        try apply(receivers)
        let (engine, log) = try posthorn.startLogging("run", "--allow", "127.0.0.0/8", "--log", "json")
        #expect(log.wait(for: #""event":"started""#))
        // Room for four connections, while 480 requests want to leave to eight receivers that hold their answers.
        try limit(engine.id, descriptors: limit(leaving: 4, of: engine.id))
        try emit()
        #expect(log.wait(for: #""event":"descriptors_used_up""#))
        receivers[0].waitForRequests(1, seconds: 1)
        #expect(receivers.reduce(0) { $0 + $1.connectionCount } < 100)
        // Others can still hand in events, and the outbox can be read.
        #expect(try posthorn.run("status").status == 0)
        try limit(engine.id, descriptors: 1000)
        for receiver in receivers { receiver.release() }
        for receiver in receivers { receiver.waitForRequests(Self.events) }
        #expect(log.wait(for: #""event":"descriptors_recovered""#))
        engine.send(SIGTERM)
        #expect(engine.wait() == 0)
        try checkDelivered(receivers)
    }

    @Test(arguments: [64, 82, 128]) func aRunUnderASmallLimitIsSlowerAndLosesNothing(_ descriptors: Int) throws {
        let receivers = try (0..<Self.endpoints).map { _ in try MisbehavingReceiver { _ in Reply.ok.delayed(milliseconds: 5) } }
        try apply(receivers)
        try emit()
        // Where the limit does not even suffice for the start, it is one line and nothing is touched.
        let words = ["-c", "ulimit -n \(descriptors); exec \"$0\" run --until-settled --allow 127.0.0.0/8", PosthornProcess.binary]
        let process = try posthorn.start(
            words,
            [posthorn.write("", to: "in"), posthorn.write("", to: "out"), posthorn.write("", to: "err")],
            binary: "/bin/sh"
        )
        let status = process.wait()
        let errors = posthorn.contents(posthorn.directory.file("err"))
        if status != 0 {
            #expect(status == 1 && errors.split(separator: "\n").count == 1 && errors.contains("Too many open files"), "\(errors)")
            #expect(try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").status == 0)
        }
        try checkDelivered(receivers)
    }

    /// Memory that runs out ends a Swift program, wherever it is; that is a crash like any other.
    /// One that has just enough to deliver, and too little to look whether a job is left, asks for that again and again: it is killed.
    @Test func withoutMemoryNothingThatWasAcceptedIsLost() throws {
        let receivers = try (0..<Self.endpoints).map { _ in try MisbehavingReceiver { _ in .ok } }
        try apply(receivers)
        try emit()
        var ends: [Int32] = []
        for megabytes in [40, 80, 120, 160, 200, 240, 280, 320] {
            let words = [
                "-c", "ulimit -c 0; ulimit -v \(megabytes * 1024); exec timeout -s KILL 60 \"$0\" run --until-settled --allow 127.0.0.0/8",
                PosthornProcess.binary,
            ]
            let files = [posthorn.write("", to: "in"), posthorn.write("", to: "out"), posthorn.write("", to: "err")]
            ends.append(try posthorn.start(words, files, binary: "/bin/sh").wait())
        }
        #expect(ends.contains { $0 != 0 }, "no limit was small enough: \(ends)")
        #expect(try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").status == 0)
        let rows = try posthorn.run(["deliveries", "--json", "--limit", "10000"]).lines
        #expect(rows.count == Self.events * receivers.count && rows.allSatisfy { $0.contains(#""state":"delivered""#) })
        for receiver in receivers { #expect(Set(receiver.requests.map(\.body)).count >= 1 && receiver.requests.count >= Self.events) }
    }
}
