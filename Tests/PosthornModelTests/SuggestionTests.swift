import Testing

@testable import PosthornModel
import PosthornText

@Suite struct SuggestionTests {
    @Test(
        arguments: [
            ("status", "sattus", 1), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("same", "same", 0), ("ca", "abc", 3),
        ]
    )
    func swappedLettersAreOneMistake(_ a: String, _ b: String, _ distance: Int) {
        #expect(Suggestion.distance(Array(a.utf8), Array(b.utf8)) == distance)
    }

    @Test(
        arguments: [
            ("deliverys", "deliveries"), ("doc", "doctor"), ("DOCTOR", "doctor"), ("--doctr", nil), ("xyz", nil), ("d", nil),
        ] as [(String, String?)]
    )
    func theNearestWordIsFound(_ written: String, _ nearest: String?) {
        #expect(Suggestion.nearest(to: written, among: ["deliveries", "doctor"]) == nearest)
    }

    @Test func aWordThatIsNotKnownIsAnsweredWithTheNearestOrWithAll() {
        let signatures = SignatureScheme.allCases.map(\.rawValue)
        #expect(Suggestion.refusal(of: "standard-webhook", among: signatures) == "is not known; did you mean \"standard-webhooks\"?")
        #expect(Suggestion.refusal(of: "rsa", among: ["none", "hmac"]) == "is not known; use one of none, hmac")
    }

    @Test(
        arguments: [
            ("meeting.finnished", "meeting.finished"), ("meting.*", "meeting.error"), ("*.eror", "meeting.error"),
            ("Meeting.Error", "meeting.error"),
            ("invoice.*", nil), ("order.paid", nil),
        ] as [(String, String?)]
    )
    func aStarOfAPatternStandsForAnything(_ pattern: String, _ nearest: String?) throws {
        let types = ["meeting.error", "meeting.finished"]
        #expect(Suggestion.nearest(to: try EventPattern(pattern), among: types) == nearest)
    }

    private func problem(_ member: String, level: String = "company") -> InputProblem? {
        let nodes = #"{"nodes": [{"id": "c1", "level": "\#(level)"}], "#
        let text = nodes + #""endpoints": [{"id": "a", "node": "c1", "url": "https://a.example/", "vendor": "diio", \#(member)}]}"#
        do throws(InputProblem) { _ = try Topology(json: Array(text.utf8)) } catch { return error }
        return nil
    }

    @Test(
        arguments: [
            (
                #""signature": "standard-webhook""#,
                #"endpoints[0].signature: "standard-webhook" is not known; did you mean "standard-webhooks"?"#
            ),
            (#""envelope": "weseedoo""#, #"endpoints[0].envelope: "weseedoo" is not known; did you mean "weseedo"?"#),
            (
                #""envelope": "xml""#,
                #"endpoints[0].envelope: "xml" is not known; use one of weseedo, diio, conference, webio, voiso, standard, raw"#
            ),
            (#""method": "post""#, #"endpoints[0].method: "post" is not known; did you mean "POST"?"#),
            (#""max_inflight": 3"#, #"endpoints[0].max_inflight: is not known here; did you mean "max_in_flight"?"#),
        ]
    )
    func aTopologyFileIsToldWhatWasMeant(_ member: String, _ line: String) { #expect(problem(member)?.description == line) }

    @Test func aLevelIsToldWhatWasMeant() {
        #expect(problem(#""events": ["*"]"#) == nil)
        let level = problem(#""events": ["*"]"#, level: "delaer")
        #expect(level?.description == #"nodes[0].level: "delaer" is not a level; did you mean "dealer"?"#)
    }
}
