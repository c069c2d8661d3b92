import PosthornText
import Testing

@testable import PosthornModel

@Suite struct HealthSettingsTests {
    private func settings(_ text: String) throws(InputProblem) -> EndpointSettings? {
        let endpoint = #"{"id": "e", "node": "n", "url": "https://x/", "vendor": "weseedo", "health":\#(text)}"#
        return try Topology(json: Array(#"{"nodes": [{"id": "n", "level": "company"}], "endpoints": [\#(endpoint)]}"#.utf8)).endpoints.first
    }

    @Test(arguments: [
        #"{"suspend_after":20,"disable_after":"5d","gone_disables":true}"#, #"{"suspend_after":0,"disable_after":"0"}"#, "{}",
        #"{"gone_disables":false}"#,
    ])
    func filesAreReadAndWrittenAgain(_ text: String) throws {
        let endpoint = try #require(try settings(text))
        let written = TopologyWriter.text(nodes: [Node(id: "n", level: .company)], endpoints: [endpoint])
        #expect(written.contains(#""health":\#(text)"#))
        #expect(try Topology(json: Array(written.utf8)).endpoints == [endpoint])
    }

    @Test(arguments: [
        ("3", "endpoints[0].health must be an object"),
        (#"{"suspend":3}"#, "endpoints[0].health.suspend is not known here"),
        (#"{"suspend_after":1}"#, #"endpoints[0].health.suspend_after: "1" must be a whole number from 2 to 1000000, or 0 for never"#),
        (#"{"disable_after":5}"#, "endpoints[0].health.disable_after: \"5\" must be a time from 1h to 366d"),
        (#"{"disable_after":"59m"}"#, "endpoints[0].health.disable_after: \"59m\" must be a time from 1h to 366d"),
        (#"{"gone_disables":"yes"}"#, "endpoints[0].health.gone_disables: \"yes\" must be true or false"),
    ])
    func whatIsWrongIsSaidInOneLine(_ text: String, _ message: String) {
        #expect { try settings(text) } throws: { error in
            let said = "\(error)"
            return said.replacing(":", with: "").hasPrefix(message.replacing(":", with: "")) && !said.contains("\n")
        }
    }
}
