import Glibc
import PosthornFormats
import PosthornModel
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Testing

/// Requests made of vendors' files, judged by the vendors' own libraries where there are any: the good ones are accepted, tampered ones
/// refused.
@Suite(.serialized) struct VendorJudgeTests {
    /// A vendor of a file.
    private struct Judged {
        let name: String
        /// The keys that its requests are made with.
        let sending: [String: String]
        /// Those that the judge is given, where they are others.
        var judging: [String: String]?
        var folder = "Examples/vendors"

        init(_ name: String, _ sending: [String: String], judging: [String: String]? = nil) {
            (self.name, self.sending, self.judging) = (name, sending, judging)
        }

        /// A scheme without an example for users.
        init(scheme name: String, _ sending: [String: String] = ["secret": "k of the vendor"], judging: [String: String]? = nil) {
            self.init(name, sending, judging: judging)
            folder = "Tests/Fuzz/Corpus/vendor"
        }
    }

    /// The signature schemes that senders of webhooks use, 26 in number, each by a file; Twilio's in both of its forms.
    private static func schemes(_ rsa: (secret: String, open: String)) -> [Judged] {
        [
            Judged("stripe", ["secret": "whsec_stripe"]), Judged("github", ["secret": "It's a Secret to Everybody"]),
            Judged("shopify", ["secret": "hush"]), Judged("slack", ["secret": "8f742231b10e8888abcd99yyyzzz85a5"]),
            Judged("twilio", ["auth_token": "12345"]), Judged("twilio-json", ["auth_token": "12345"]),
            Judged("sendgrid", ["private_key": p256], judging: ["private_key": p256Public]),
            Judged(scheme: "paypal", ["private_key": rsa.secret], judging: ["private_key": rsa.open]),
            Judged("square", ["signature_key": "asdf1234"]),
            Judged(
                "adyen",
                ["hmac_key": "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056", "basic_auth": "user:password"]
            ),
            Judged(scheme: "hubspot"), Judged(scheme: "meta"), Judged(scheme: "zoom"), Judged(scheme: "gitlab", ["token": "secret token"]),
            Judged(
                "discord",
                ["private_key": "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"],
                judging: ["private_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"]
            ),
            Judged(scheme: "sns", ["private_key": rsa.secret], judging: ["private_key": rsa.open]), Judged(scheme: "mailgun"),
            Judged(scheme: "twitch"), Judged("plaid", ["private_key": p256], judging: ["private_key": p256Public]), Judged(scheme: "xero"),
            Judged(scheme: "zendesk"), Judged(scheme: "docusign"), Judged(scheme: "linear"), Judged(scheme: "intercom"),
            Judged(scheme: "paddle"), Judged("standard", ["secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]),
            Judged(
                scheme: "graph",
                ["private_key": rsa.secret, "client_state": "state 5a0c"],
                judging: ["private_key": rsa.open, "client_state": "state 5a0c"]
            ),
        ]
    }

    /// The built-in vendors that sign, as files; Standard Webhooks is among the schemes.
    private static let builtIn = [
        Judged("diio", ["signing_secret": "clé secrète ñ 密"]), Judged("conference", ["token": "t0ken"]),
        Judged("webio", ["secret": "0123456789abcdef0123456789abcdef", "api_key": "k", "organisation_id": "1"]),
        Judged("voiso", ["key": "key 5a0c", "authorization_token": "voiso-token-77"]),
    ]

    /// The pair of RFC 6979, A.2.5.
    private static let p256 = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX
        Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth
        +mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ
        -----END PRIVATE KEY-----
        """

    private static let p256Public = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7
        Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==
        -----END PUBLIC KEY-----
        """

    private static let url = "https://receiver.example/hook?tenant=5"

    @Test(.enabled(if: Judge.libraries.takesPart, "the judge cannot be had here; a line above says why"))
    func theVendorsLibrariesAcceptGoodRequestsAndRefuseTamperedOnes() throws {
        guard Judge.libraries.isThere() else { return }
        let now = SystemClock().now()
        let folder = try TemporaryDirectory()
        let schemes = Self.schemes(try Self.rsaPair(in: folder))
        #expect(Set(schemes.map(\.name)).subtracting(["twilio-json"]).count == 26)
        var lines: [String] = []
        var expected: [(vendor: String, isGood: Bool)] = []
        for judged in schemes + Self.builtIn {
            let (name, sending, judging) = (judged.name, judged.sending, judged.judging)
            let text = TextFile.contents(of: "\(Judge.top)/\(judged.folder)/\(name).json")
            let file = try VendorFile(Array(text.utf8)) { (name) throws(InputProblem) in
                throw InputProblem(field: name, reason: "is not there")
            }
            let vendor = try FileVendor(file, credentials: sending)
            for isGood in [true, false] {
                let composer = try vendor.composer(url: Self.url, isSpoiled: !isGood)
                for kind in file.types {
                    let id = String(EventID.make(at: now, random: UInt64(lines.count)))
                    let event = Event(id: id, type: kind.name, node: "n", created: now, data: kind.samples[0])
                    var request = OutboundRequest()
                    try composer.compose(AcceptedEvent(event), attempt: 1, at: now, into: &request)
                    lines.append(Self.line(name, judging ?? sending, request))
                    expected.append((name, isGood))
                    // Bodies that their signature covers, changed by a blank behind them.
                    guard isGood, file.description.signsBody, name != "twilio" else { continue }
                    request.body.append(UInt8(ascii: " "))
                    lines.append(Self.line(name, judging ?? sending, request))
                    expected.append((name, false))
                }
            }
        }
        let (requests, verdicts) = (folder.file("requests"), folder.file("verdicts"))
        try TextFile.write(lines.joined(separator: "\n") + "\n", to: requests)
        let judge = try ChildProcess(
            [Judge.venvPython, "\(Judge.top)/Tests/ConformanceTests/Judges/vendor_judge.py", requests],
            outputPath: verdicts
        )
        try #require(judge.wait() == 0, "the judge failed: \(judge.errorLines)")
        let found = TextFile.contents(of: verdicts).split(separator: "\n")
        try #require(found.count == expected.count)
        for (verdict, wanted) in zip(found, expected) {
            #expect(verdict.hasPrefix("accepted") == wanted.isGood, "\(wanted.vendor), \(wanted.isGood ? "good" : "tampered"): \(verdict)")
        }
        #expect(expected.count { $0.isGood } >= 45)
    }

    /// A pair of RSA keys that OpenSSL has made.
    private static func rsaPair(in folder: TemporaryDirectory) throws -> (secret: String, open: String) {
        let (secret, open) = (folder.file("secret.pem"), folder.file("open.pem"))
        for words in [
            ["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", secret],
            ["openssl", "pkey", "-in", secret, "-pubout", "-out", open],
        ] {
            let program = try ChildProcess(words, outputPath: folder.file("openssl"))
            try #require(program.wait() == 0, "\(program.errorLines)")
        }
        return (TextFile.contents(of: secret), TextFile.contents(of: open))
    }

    private static func line(_ vendor: String, _ credentials: [String: String], _ request: OutboundRequest) -> String {
        let query = request.query.isEmpty ? "" : "&" + String(decoding: request.query, as: UTF8.self)
        let headers = FileVendor.headers(of: request).map { JSONValue.array([.string($0.name), .string($0.value)]) }
        return JSONValue.object([
            .init("vendor", .string(vendor)), .init("url", .string(url + query)),
            .init("credentials", .object(credentials.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })),
            .init("headers", .array(headers)), .init("body", .string(FileVendor.base64(request.body))),
        ]).text
    }
}
