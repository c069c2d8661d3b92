import PosthornTestSupport
import Testing

/// The built command over a network that loses every third packet.
@Suite(.enabled(if: LossyNetwork.isAvailable, "only root can make a network interface, with python3 and /dev/net/tun"), .limited())
struct PacketLossTests {
    @Test func thirtyPercentLossMakesDeliveriesLateAndLosesNone() throws {
        let count = 60
        let network = try LossyNetwork(lossPercent: 30)
        var options = MisbehavingReceiver.Options()
        options.host = network.near
        let receiver = try MisbehavingReceiver(options) { _ in .ok }
        let posthorn = try PosthornProcess()
        let topology = """
            {"nodes": [{"id": "s", "level": "site"}], "endpoints": [{"id": "far", "node": "s", "vendor": "weseedo",
             "url": "http://\(network.far):\(receiver.port)/hook", "timeout_ms": 10000, "max_in_flight": 30}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        let lines = (0..<count).map { #"{"id":"e\#($0)","type":"MEETING_STARTED","node":"s","data":{"id":"e\#($0)"}}"# }
        #expect(try posthorn.run("emit", posthorn.write(lines.joined(separator: "\n"), to: "events")).status == 0)
        let run = try posthorn.run(["run", "--until-settled", "--speed", "1000", "--allow", network.far + "/32", "--log", "json"])
        #expect(run.status == 0 && run.output.contains("\(count) delivered"), "\(run.output)\(run.errors)")
        // By their ids alone: a second attempt says so in its body.
        let ids = receiver.requests.map { $0.body.prefix { $0 != UInt8(ascii: ",") } }
        #expect(Set(ids).count == count)
        // The kernel sends a lost packet again after 200 ms at the earliest: some came late, or this was no such network.
        let durations = try (1...count).flatMap { try posthorn.run("attempts", "\($0)", "--json").lines }.compactMap { line in
            line.firstRange(of: #""duration_ms":"#).flatMap { Double(line[$0.upperBound...].prefix { "0123456789.".contains($0) }) }
        }
        #expect(durations.count >= count && durations.contains { $0 >= 200 })
    }
}
