import PosthornModel
import PosthornText
import Testing

/// A vendor's file in a topology: named there, kept as a document.
@Suite struct VendorDocumentTests {
    private static let document = try! JSONValue.parse(
        Array(#"{"info":{"title":"Acme"},"x-webhook-sender":{"timeout_ms":3000,"retry":{"schedule_s":[60,3600]}}}"#.utf8)
    )

    private static func topology(_ members: String) -> [UInt8] {
        let endpoint = #"{"id":"e","node":"c1","url":"https://a.example/",\#(members)}"#
        return Array(#"{"nodes":[{"id":"c1","level":"company"}],"endpoints":[\#(endpoint)]}"#.utf8)
    }

    private static func read(_ members: String) throws(InputProblem) -> EndpointSettings {
        try Topology(json: topology(members)) { (path) throws(InputProblem) in
            if path == "acme.json" { return document }
            throw InputProblem(field: path == "broken.json" ? "/x-webhook-sender/signatures/0" : "", reason: "is no file")
        }.endpoints[0]
    }

    private static func problem(_ members: String) -> InputProblem? {
        do throws(InputProblem) {
            _ = try read(members)
            return nil
        } catch {
            return error
        }
    }

    @Test func theFileSaysFormatDeadlineAndSchedule() throws {
        let endpoint = try Self.read(#""vendor":"file:acme.json","credentials":{"secret":"abc-of-acme"}"#)
        #expect(endpoint.envelope == .raw && endpoint.signature == .vendorFile)
        #expect(endpoint.credentials == [VendorDocument.member: Self.document, "secret": .string("abc-of-acme")])
        #expect(endpoint.timeoutMilliseconds == 3000 && endpoint.retry.offsetsMilliseconds == [0, 60_000, 3_600_000])
        #expect(VendorDocument.of(endpoint).map(VendorDocument.title) == "Acme")
        let own = try Self.read(#""vendor":"file:acme.json","timeout_ms":500,"retry":["0","1m"]"#)
        #expect(own.timeoutMilliseconds == 500 && own.retry.offsetsMilliseconds == [0, 60_000])
    }

    /// What was read is written as a document, and needs no file to be read again.
    @Test func whatIsWrittenIsReadAsTheSame() throws {
        for more in ["", #","timeout_ms":15000,"retry":["0","1m","10m","1h","24h"]"#] {
            let endpoint = try Self.read(#""vendor":"file:acme.json","credentials":{"secret":"abc-of-acme"}"# + more)
            let text = TopologyWriter.text(nodes: [Node(id: "c1", level: .company)], endpoints: [endpoint])
            #expect(try Topology(json: Array(text.utf8)).endpoints == [endpoint], "\(text)")
        }
    }

    @Test func theDocumentStandsForItselfBesideMaskedCredentials() throws {
        let stored = try Self.read(#""vendor":"file:acme.json","credentials":{"secret":"abc-of-acme"}"#)
        var wanted = try Self.read(#""vendor":"file:acme.json","credentials":"***""#)
        wanted.credentials[VendorDocument.member] = .object([.init("info", .object([]))])
        let whole = try wanted.unmasked(from: stored)
        #expect(whole.credentials["secret"] == .string("abc-of-acme"))
        #expect(whole.credentials[VendorDocument.member] == .object([.init("info", .object([]))]))
        // Sealed credentials whose key is missing are written without the document.
        var sealed = stored
        (sealed.credentials, sealed.keepsCredentials) = ([:], true)
        let text = TopologyWriter.text(nodes: [Node(id: "c1", level: .company)], endpoints: [sealed])
        let again = try Topology(json: Array(text.utf8)).endpoints[0].unmasked(from: stored)
        #expect(again.credentials == stored.credentials && again.signature == .vendorFile)
    }

    @Test(
        arguments: [
            (#""vendor":"file:""#, "endpoints[0].vendor"), (#""vendor":"file:other.json""#, "endpoints[0].vendor"),
            (#""vendor":"file:broken.json""#, "endpoints[0].vendor/x-webhook-sender/signatures/0"),
            (#""vendor":"file:acme.json","envelope":"raw""#, "endpoints[0].envelope"),
            (#""vendor":"file:acme.json","signature":"hmac""#, "endpoints[0].signature"),
            (#""envelope":"raw","signature":"vendor-file""#, "endpoints[0].vendor"),
            (#""vendor":"fil:acme.json""#, "endpoints[0].vendor"),
        ] as [(String, String)]
    )
    func whatIsWrongIsNamedByItsField(members: String, field: String) {
        #expect(Self.problem(members)?.field == field, "\(String(describing: Self.problem(members)))")
    }

    /// A file is the operator's: whoever hands in JSON does not make this process read files.
    @Test func whereNoFilesAreReadTheNameOfOneIsRefused() {
        let problem = #expect(throws: InputProblem.self) { try Topology(json: Self.topology(#""vendor":"file:/etc/passwd""#)) }
        #expect(problem?.field == "endpoints[0].vendor" && problem?.code == .notAllowed)
    }
}
