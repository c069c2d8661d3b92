import PosthornModel
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

/// `posthorn load compare` with receivers that fail, refuse or are not there.
@Suite struct LabLoadCompareTests {
    private static let load = ["--count", "40", "--connections", "4", "--runs", "6"]

    private func row(_ figure: String, _ result: PosthornProcess.Result) throws -> JSONValue? {
        guard case .array(let rows)? = try JSONValue.parse(Array(result.output.utf8))["figures"] else { return nil }
        return rows.first { $0["figure"] == .string(figure) }
    }

    /// Half of its answers are 503, as fast as the others.
    @Test func aReceiverThatFailsIsWorse() throws {
        let good = try MisbehavingReceiver { _ in .ok }
        let count = Mutex(0)
        let bad = try MisbehavingReceiver { _ in
            count.withLock { count in
                count += 1
                return count.isMultiple(of: 2)
            } ? .ok : .status(503)
        }
        let posthorn = try PosthornProcess()
        let result = try posthorn.run(["load", "compare", good.url, bad.url, "--json"] + Self.load, input: [])
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        let errors = try row("errors", result)
        #expect(errors?["outcome"] == .string("worse") && errors?["b"] == .number("50.0") && errors?["change"] == .number("0.5"))
        let text = try posthorn.run(["load", "compare", good.url, bad.url] + Self.load, input: [])
        #expect(text.output.contains("errors in % +50.0 points"), "\(text.output)")
    }

    /// No other run is made then.
    @Test(arguments: [0, 1]) func aReceiverThatIsNotThereIsRefusedAtOnce(_ dead: Int) throws {
        let receivers = try (0..<2).map { _ in try MisbehavingReceiver { _ in .ok } }
        receivers[dead].stop()
        let posthorn = try PosthornProcess()
        let result = try posthorn.run(["load", "compare"] + receivers.map(\.url) + Self.load, input: [])
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(
            result.errors.contains("cannot be compared: run 1 of \(receivers[dead].url) has no answer that was as it should be"),
            "\(result.errors)"
        )
        #expect(receivers[1 - dead].requests.count == (dead == 0 ? 0 : 40))
    }
}
