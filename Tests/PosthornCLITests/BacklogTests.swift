import Glibc
import PosthornTestSupport
import Testing

/// The built command with far more waiting than it holds in memory. `posthorn-bench backlog` does it with millions.
@Suite(.limited()) struct BacklogTests {
    private let posthorn: PosthornProcess

    init() throws { posthorn = try PosthornProcess() }

    /// Events of a type, in order.
    private func emit(_ type: String, _ count: Int) throws {
        let lines = (0..<count).map { #"{"id":"\#(type)-\#($0)","type":"\#(type)","node":"s","data":{"number":\#($0)}}"# }
        #expect(try posthorn.run("emit", posthorn.write(lines.joined(separator: "\n"), to: "events")).status == 0)
    }

    private func endpoint(_ id: String, _ type: String, _ receiver: MisbehavingReceiver, inFlight: Int = 64) -> String {
        """
        {"id": "\(id)", "node": "s", "url": "\(receiver.url)", "envelope": "raw", "signature": "none", "events": ["\(type)"],
         "max_in_flight": \(inFlight)}
        """
    }

    private func apply(_ endpoints: String...) throws {
        let topology = #"{"nodes": [{"id": "s", "level": "site"}], "endpoints": [\#(endpoints.joined(separator: ","))]}"#
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
    }

    @Test func theOldestGoFirstAndALongQueueHoldsBackNobody() throws {
        let heavy = try MisbehavingReceiver { _ in Reply.ok.delayed(milliseconds: 2) }
        let light = try MisbehavingReceiver { _ in .ok }
        try apply(endpoint("heavy", "MEETING_HEAVY", heavy, inFlight: 1), endpoint("light", "MEETING_LIGHT", light))
        try emit("MEETING_HEAVY", 20_000)
        try emit("MEETING_LIGHT", 50)
        let engine = try posthorn.start("run", "--allow", "127.0.0.0/8")
        #expect(light.waitForRequests(50).count == 50)
        // The light one's events came last of all, and did not wait for the heavy one's 40 seconds of work.
        #expect(heavy.requests.count < 10_000)
        heavy.waitForRequests(200)
        engine.send(SIGTERM)
        #expect(engine.wait() == 0)
        let numbers = heavy.requests.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(numbers == numbers.indices.map { #"{"number":\#($0)}"# })
        #expect(Set(light.requests.map(\.body)).count == 50)
    }

    @Test func memoryDoesNotGrowWithTheBacklog() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        try apply(endpoint("a", "MEETING_A", receiver), endpoint("b", "MEETING_A", receiver))
        // Both fill the window of 4,096 deliveries.
        let peaks = try [5000, 25_000].map { count -> Int in
            try emit("MEETING_A", count)
            let run = try posthorn.run(["run", "--until-settled", "--allow", "127.0.0.0/8"])
            #expect(run.status == 0 && run.output.contains("0 pending"), "\(run.output)\(run.errors)")
            return run.peakKiB
        }
        #expect(peaks[1] - peaks[0] < 16 * 1024, "\(peaks[0]) KiB with 10,000 waiting, \(peaks[1]) KiB with 40,000")
        #expect(receiver.requests.count == 50_000)
    }
}
