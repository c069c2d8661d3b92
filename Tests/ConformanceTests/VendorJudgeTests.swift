import Glibc
import PosthornFormats
import PosthornModel
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Testing

/// Requests made of the files in Examples/vendors, judged by the vendors' own libraries: the good ones are accepted, tampered ones refused.
@Suite(.serialized) struct VendorJudgeTests {
    /// Which keys each vendor's requests are made with, and which the judge is given.
    private static let vendors: [(name: String, sending: [String: String], judging: [String: String]?)] = [
        ("stripe", ["secret": "whsec_stripe"], nil), ("slack", ["secret": "8f742231b10e8888abcd99yyyzzz85a5"], nil),
        ("twilio", ["auth_token": "12345"], nil), ("twilio-json", ["auth_token": "12345"], nil),
        ("square", ["signature_key": "asdf1234"], nil),
        ("sendgrid", ["private_key": p256], ["private_key": p256Public]),
        ("adyen", ["hmac_key": "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056", "basic_auth": "user:password"], nil),
        ("plaid", ["private_key": p256], ["private_key": p256Public]),
        ("standard", ["secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], nil),
        (
            "discord", ["private_key": "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"],
            ["private_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"]
        ), ("github", ["secret": "It's a Secret to Everybody"], nil), ("shopify", ["secret": "hush"], nil),
        ("diio", ["signing_secret": "clé secrète ñ 密"], nil), ("conference", ["token": "t0ken"], nil),
        ("webio", ["secret": "0123456789abcdef0123456789abcdef", "api_key": "k", "organisation_id": "1"], nil),
        ("voiso", ["key": "key 5a0c", "authorization_token": "voiso-token-77"], nil),
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
        var lines: [String] = []
        var expected: [(vendor: String, isGood: Bool)] = []
        for (name, sending, judging) in Self.vendors {
            let text = TextFile.contents(of: "\(Judge.top)/Examples/vendors/\(name).json")
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
        let folder = try TemporaryDirectory()
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
        #expect(expected.count { $0.isGood } >= 30)
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
