import Glibc
import PosthornModel
import PosthornFormats
import PosthornTestSupport
import PosthornText
import Testing

/// Vendors as files: those of Examples/vendors, and the schemes of others in Tests/Fuzz/Corpus/vendor. Each file holds vectors of other
/// implementations, without which it would not be taken at all.
@Suite struct VendorFileTests {
    private static let top: String = {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    }()

    static let now = Timestamp(milliseconds: 1_780_000_000_123)

    static let files: [String] = ["Examples/vendors", "Tests/Fuzz/Corpus/vendor"].flatMap { folder in
        (FolderListing.names(in: "\(top)/\(folder)") ?? []).filter { $0.hasSuffix(".json") }.map { "\(folder)/\($0)" }
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        let descriptor = open("\(top)/\(path)", O_RDONLY)
        try #require(descriptor >= 0, "\(path)")
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    static func file(_ path: String) throws -> VendorFile { try Self.file(bytes(path)) }

    static func file(_ bytes: [UInt8]) throws(InputProblem) -> VendorFile {
        try VendorFile(bytes) { (name) throws(InputProblem) in throw InputProblem(.notFound, field: name, reason: "is not there") }
    }

    /// Keys of the right kind for sending, and for receiving.
    static func credentials(_ file: VendorFile) -> (sending: [String: String], receiving: [String: String]) {
        var (sending, receiving): ([String: String], [String: String]) = ([:], [:])
        for name in file.description.credentialNames {
            let key = TestKeys.key(named: name, of: file.description)
            (sending[name], receiving[name]) = key
        }
        return (sending, receiving)
    }

    private struct Made {
        let kind: VendorFile.EventKind
        let request: VendorVerifier.Request
    }

    private static let url = "https://receiver.example/hook?tenant=5"

    private func requests(_ vendor: FileVendor, isSpoiled: Bool = false, at moment: Timestamp = now) throws -> [Made] {
        let composer = try vendor.composer(url: Self.url, isSpoiled: isSpoiled)
        return try vendor.file.types.map { kind in
            let event = Event(id: "26edf51b5ed353431566fdf1", type: kind.name, node: "n", created: moment, data: kind.samples[0])
            var request = OutboundRequest()
            try composer.compose(AcceptedEvent(event), attempt: 2, at: moment, into: &request)
            let url = Self.url + (request.query.isEmpty ? "" : "&" + String(decoding: request.query, as: UTF8.self))
            return Made(kind: kind, request: .init(url: url, headers: FileVendor.headers(of: request), body: request.body))
        }
    }

    @Test func thereAreTheTenVendorsTheSixBuiltInOnesAndEighteenSchemesMore() {
        let names = Set(Self.files.map { String($0.split(separator: "/").last ?? "").replacing(".json", with: "") })
        let wanted = [
            "github", "stripe", "shopify", "slack", "twilio", "square", "sendgrid", "adyen", "discord", "plaid", "weseedo", "diio",
            "conference",
            "webio", "voiso", "standard", "paypal", "hubspot", "meta", "zoom", "gitlab", "sns", "mailgun", "twitch", "xero", "zendesk",
            "docusign",
            "linear", "intercom", "paddle", "graph",
        ]
        #expect(names.isSuperset(of: wanted), "\(Set(wanted).subtracting(names))")
    }

    @Test(arguments: files) func whatIsSentIsGenuineAndNothingElseIs(path: String) throws {
        let file = try Self.file(path)
        let (sending, receiving) = Self.credentials(file)
        let vendor = try FileVendor(file, credentials: sending)
        let verifier = try FileVendor(receiving: file, credentials: receiving).verifier()
        guard file.description.isSigned else {
            for made in try requests(vendor) { #expect(verifier.verify(made.request, now: Self.now) == .unsigned) }
            return
        }
        for made in try requests(vendor) {
            #expect(verifier.verify(made.request, now: Self.now) == .genuine, "\(path) \(made.kind.name)")
            if file.description.signsTime {
                let verdict = verifier.verify(made.request, now: Self.now.advanced(byMilliseconds: 3_600_000))
                guard case .refused = verdict else { Issue.record("\(path): an hour old and \(verdict)"); continue }
            }
        }
        for made in try requests(vendor, isSpoiled: true) {
            let verdict = verifier.verify(made.request, now: Self.now)
            guard case .refused = verdict else { Issue.record("\(path): spoiled and \(verdict)"); continue }
        }
    }

    /// Where the body is signed, no byte of it may be another.
    @Test(arguments: files) func anotherBodyIsRefusedWhereItIsSigned(path: String) throws {
        let unsigned = ["weseedo", "conference", "webio", "voiso", "diio", "gitlab", "chargebee", "mailgun", "graph", "sns", "adyen"]
        if unsigned.contains(where: { path.hasSuffix("/\($0).json") }) { return }
        let file = try Self.file(path)
        let (sending, receiving) = Self.credentials(file)
        let vendor = try FileVendor(file, credentials: sending)
        let verifier = try FileVendor(receiving: file, credentials: receiving).verifier()
        for made in try requests(vendor) {
            var tampered = made.request
            let place = tampered.body.count / 2
            tampered.body[place] = tampered.body[place] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            let verdict = verifier.verify(tampered, now: Self.now)
            // Twilio's JSON is signed by way of the URL, which holds its hash.
            if path.hasSuffix("twilio-json.json") { continue }
            guard case .refused = verdict else { Issue.record("\(path): another body and \(verdict)"); continue }
        }
    }

    @Test func aRotatingSenderIsGenuineWithEitherSecret() throws {
        for (path, name) in [("Examples/vendors/stripe.json", "secret"), ("Tests/Fuzz/Corpus/vendor/docusign.json", "secret")] {
            let file = try Self.file(path)
            let vendor = try FileVendor(file, credentials: [name: "the newer one", "\(name).2": "the older one"])
            for secret in ["the newer one", "the older one"] {
                let verifier = try FileVendor(receiving: file, credentials: [name: secret]).verifier()
                for made in try requests(vendor) { #expect(verifier.verify(made.request, now: Self.now) == .genuine, "\(path) \(secret)") }
            }
        }
    }

    // MARK: Files

    /// A change to GitHub's file, and how it is refused.
    private static let refusals: [(String, String, String)] = [
        (#""algorithm": "hmac-sha256""#, #""algoritm": "hmac-sha256""#, "/x-webhook-sender/signatures/0/algoritm"),
        (#""algorithm": "hmac-sha256""#, #""algorithm": "hmac-sha265""#, "/x-webhook-sender/signatures/0/algorithm"),
        (#""content": "{body}""#, #""content": "{bodies}""#, "/x-webhook-sender/signatures/0/content"),
        (#""content": "{body}""#, #""content": "constant""#, "/x-webhook-sender/signatures/0/content"),
        (#""content": "{body}""#, #""content": "{timestamp}{body}""#, "/x-webhook-sender/signatures/0/content"),
        (#""content": "{body}""#, #""content": "{key}{body}""#, "/x-webhook-sender/signatures/0/content"),
        (#""content": "{body}""#, #""content": "{header:X-Unknown}""#, "/x-webhook-sender/signatures/0/content"),
        (#""encoding": "hex""#, #""encoding": "base64""#, "/x-webhook-sender/vectors/0/X-Hub-Signature-256"),
        (#""value": "sha256={signature}""#, #""value": "sha256=""#, "/x-webhook-sender/signatures/0/place/value"),
        (#""vectors": ["#, #""vektors": ["#, "/x-webhook-sender/vektors"),
        ("sha256=757107ea", "sha256=757107eb", "/x-webhook-sender/vectors/0/X-Hub-Signature-256"),
        (#""timeout_ms": 10000"#, #""timeout_ms": 0"#, "/x-webhook-sender/timeout_ms"),
        (#""redirects": false"#, #""redirects": true"#, "/x-webhook-sender/redirects"),
        (#""2XX""#, #""2YY""#, "/x-webhook-sender/success/0"),
        (#""name": "secret""#, #""name": "secret", "value": "hush""#, "/x-webhook-sender/signatures/0/key/value"),
        (#""openapi": "3.1.0""#, #""openapi": "2.0""#, "vendor file"),
        (#""X-GitHub-Hook-ID": "292430182""#, #""Host": "example.com""#, "/x-webhook-sender/headers/Host"),
        (#""push": {"#, #""pu sh": {"#, "/webhooks/pu sh"),
    ]

    @Test func whatIsWrongIsRefusedByItsPointer() throws {
        let text = String(decoding: try Self.bytes("Examples/vendors/github.json"), as: UTF8.self)
        for (old, new, pointer) in Self.refusals {
            #expect(text.contains(old), "\(old)")
            let changed = text.replacing(old, with: new, maxReplacements: 1)
            do throws(InputProblem) {
                _ = try Self.file(Array(changed.utf8))
                Issue.record("\(new) was taken")
            } catch {
                #expect(error.field == pointer, "\(new): \(error)")
                #expect(!error.description.contains("\n"))
            }
        }
    }

    @Test func aSignatureWithoutAVectorIsRefused() throws {
        let text = String(decoding: try Self.bytes("Examples/vendors/discord.json"), as: UTF8.self)
        let cut = try #require(text.firstRange(of: #""vectors": ["#))
        let end = try #require(text.firstRange(of: #""webhooks""#))
        let without = text[..<cut.upperBound] + "]},\n" + text[end.lowerBound...]
        do throws(InputProblem) {
            _ = try Self.file(Array(without.utf8))
            Issue.record("a file without proof was taken")
        } catch {
            #expect(error.field == "/x-webhook-sender/vectors", "\(error)")
        }
    }

    @Test func anOverlayAddsTheExtensionToAPublishedDocument() throws {
        let github = try JSONValue.parse(try Self.bytes("Examples/vendors/github.json"))
        guard case .object(let members) = github, let extensionValue = github["x-webhook-sender"] else { return }
        let published = JSONValue.object(members.filter { $0.key != "x-webhook-sender" }).text
        let overlay = """
            {"overlay":"1.0.0","info":{"title":"x","version":"1"},"extends":"api.json","actions":[{"target":"$","update":
            {"x-webhook-sender":\(extensionValue.text)}}]}
            """
        let file = try VendorFile(Array(overlay.utf8)) { (name) throws(InputProblem) in
            if name != "api.json" { throw InputProblem(field: name, reason: "is another file") }
            return Array(published.utf8)
        }
        #expect(file.types.map(\.name) == ["push", "issues.opened", "ping"])
        #expect(file.types[1].headers.map(\.value) == ["issues"])
        #expect(throws: InputProblem.self) {
            _ = try VendorFile(Array(overlay.replacing("api.json", with: "https://example.com/api.json").utf8)) {
                (_) throws(InputProblem) in []
            }
        }
    }

    @Test func examplesAreMadeOfSchemasWhereThereAreNone() throws {
        let document = """
            {"openapi":"3.1.0","info":{"title":"x","version":"1"},"x-webhook-sender":{"signatures":[]},
            "components":{"schemas":{"Thing":{"type":"object","properties":{"id":{"type":"string","format":"uuid"},
            "kind":{"const":"thing"},"count":{"type":"integer","minimum":3},"tags":{"type":"array","items":{"enum":["a","b"]}},
            "parent":{"$ref":"#/components/schemas/Thing"}}}}},
            "webhooks":{"thing.made":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}}}}}}
            """
        let file = try Self.file(Array(document.utf8))
        let sample = try JSONValue.parse(file.types[0].samples[0])
        #expect(sample["kind"] == .string("thing") && sample["count"] == .number("3") && sample["tags"] == .array([.string("a")]))
        #expect(sample["parent"]?["kind"] == .string("thing"))
    }
}
