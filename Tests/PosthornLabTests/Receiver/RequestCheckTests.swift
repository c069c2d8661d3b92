import PosthornHTTP
import PosthornModel
import PosthornText
import Testing

@testable import PosthornLab

/// Voiso's Call Notify may come as a GET, which has no place for the key.
@Suite struct RequestCheckTests {
    private static let query = "/hook?type=inbound&uuid=u1"

    private func settings(_ method: RequestMethod = .post, token: String? = nil) -> EndpointSettings {
        var settings = EndpointSettings(id: "e", node: "n", url: "", envelope: .voiso, signature: .voisoKey)
        settings.method = method
        settings.credentials = ["key": .string("k-of-voiso"), "name": .string("n"), "entity": .string("e")]
        if let token { settings.credentials["authorization_token"] = .string(token) }
        return settings
    }

    private func get(_ authorization: String? = nil) -> HTTPRequest {
        var headers = HTTPHeaders()
        if let authorization { headers.append("Authorization", authorization) }
        return HTTPRequest(method: "GET", target: Self.query, headers: headers)
    }

    private static func isRefused(_ verdict: ReceiverVerdict) -> Bool {
        if case .invalid = verdict { return true }
        return false
    }

    @Test func aGETWithoutAKeyIsNotSignedAndSaysSo() throws {
        let verdict = try RequestCheck(settings()).verdict(get())
        #expect(verdict == .unsigned("Voiso's GET carries no key"))
        var decisions = ReceiverDecisions(ReceiverConfiguration())
        let reading = ReceiverDecisions.read(get(), .any) { _ in verdict }
        let arrival = decisions.decide(get(), reading, at: Timestamp(milliseconds: 0)).arrival
        #expect(arrival.status == 200 && arrival.line.contains("NOT SIGNED (Voiso's GET carries no key)"))
        let json = try JSONValue.parse(arrival.json)
        #expect(json["signature"] == .string("unsigned") && json["signature_problem"] == .string("Voiso's GET carries no key"))
        #expect(decisions.counts.unsigned == 1 && decisions.counts.badSignatures == 0)
    }

    @Test func aGETIsJudgedByItsTokenWhereThereIsOne() throws {
        let check = try RequestCheck(settings(token: "t0ken"))
        #expect(check.verdict(get("Bearer t0ken")) == .valid)
        #expect(Self.isRefused(check.verdict(get())) && Self.isRefused(check.verdict(get("Bearer other"))))
    }

    @Test func aGETToAnEndpointThatIsCalledByPOSTIsRefused() throws {
        let check = try RequestCheck(settings(), knowsMethod: true)
        #expect(check.verdict(get()) == .invalid("a GET, which carries no key, though the endpoint's method is POST"))
        #expect(try RequestCheck(settings(.get), knowsMethod: true).verdict(get()) == .unsigned("Voiso's GET carries no key"))
    }
}
