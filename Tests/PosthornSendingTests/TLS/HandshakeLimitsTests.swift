import CPosthornTLS
import PosthornModel
@testable import PosthornCurl
@testable import PosthornSending
import PosthornTestSupport
import Testing

/// Receivers that would have us compute too much, played by `openssl s_server`.
@Suite(.enabled(if: OpenSSLServer.isAvailable)) struct HandshakeLimitsTests {
    private let directory: TemporaryDirectory
    private let file: String

    init() throws {
        directory = try TemporaryDirectory()
        file = directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: "posthorn test", alternative: "IP:127.0.0.1", days: 2, isRSA: true)
    }

    private func outcome(_ options: [String]) throws -> AttemptOutcome {
        let server = try OpenSSLServer(certificate: file, options: options)
        let bench = try Bench { $0.caFile = file }
        return try #require(try bench.outcome(of: server.url, body: "q=1", method: .get))
    }

    @Test(arguments: [
        ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
        ["-tls1_3", "-groups", "ffdhe8192"], ["-tls1_3", "-groups", "P-521"],
    ])
    func aDearKeyExchangeIsNotAgreedOn(_ options: [String]) throws {
        let outcome = try outcome(options)
        #expect(outcome.error == .tls, "\(outcome)")
    }

    @Test(arguments: [
        ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384"],
        ["-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"], ["-tls1_3", "-groups", "X25519"], ["-tls1_3", "-groups", "P-256"],
        ["-tls1_3", "-groups", "P-384"],
    ])
    func aUsualOneIs(_ options: [String]) throws {
        let outcome = try outcome(options)
        #expect(outcome.succeeded, "\(outcome)")
    }

    /// A certificate with such a key; nobody has to know the private one to show it.
    private func certificate(bits: Int, exponentBytes: Int) throws -> String {
        let path = directory.file("odd-\(bits)-\(exponentBytes).pem")
        try OpenSSLServer.write(PublicKey.rsa(bits: bits, exponentBytes: exponentBytes), to: path + ".pub")
        try OpenSSLServer.run([
            "x509", "-new", "-force_pubkey", path + ".pub", "-key", file + ".key", "-subj", "/CN=odd", "-days", "2", "-out", path,
        ])
        return path
    }

    @Test func hugeKeysAreNotLookedAt() throws {
        for (bits, exponentBytes, text) in [
            (16_384, 3, "an RSA key of 16384 bits, more than 8192"),
            (2048, 128, "an RSA key with a public exponent of 1024 bits, more than 64"),
        ] {
            let outcome = try outcome(["-cert_chain", try certificate(bits: bits, exponentBytes: exponentBytes)])
            #expect(outcome.error == .tls)
            #expect(outcome.errorText == "certificate 2 of the receiver's chain has \(text)")
        }
    }

    @Test func aLongChainIsNotFollowed() throws {
        let chain = directory.file("chain.pem")
        let one = try OpenSSLServer.contents(of: file + ".crt")
        try OpenSSLServer.write(String(repeating: one, count: HandshakeLimits.chainLimit), to: chain)
        let outcome = try outcome(["-cert_chain", chain])
        #expect(outcome.error == .tls)
        #expect(outcome.errorText == "the receiver's chain has 11 certificates, more than 10")
    }

    @Test func aChainOfManyBytesIsNotRead() throws {
        let chain = directory.file("chain.pem")
        let one = try OpenSSLServer.contents(of: file + ".crt")
        try OpenSSLServer.write(String(repeating: one, count: 90), to: chain)
        let outcome = try outcome(["-cert_chain", chain])
        #expect(outcome.error == .tls && outcome.errorText.contains("excessive message size"), "\(outcome)")
    }

    @Test func aReadReturnsAfterEachMessageThatIsNotData() throws {
        let context = try #require(SSL_CTX_new(TLS_client_method()))
        defer { SSL_CTX_free(context) }
        let mode = { SSL_CTX_ctrl(context, SSL_CTRL_MODE, 0, nil) & Int(SSL_MODE_AUTO_RETRY) }
        #expect(mode() != 0)
        HandshakeLimits.apply(to: context)
        #expect(mode() == 0)
    }

    @Test func noMoreThanAFewSessionsOfAConnectionAreCopied() {
        let connection = TLSConnection(TLSClient(caFile: file), nil)
        #expect((0..<100).filter { _ in connection.mayKeep() } == Array(0..<HandshakeLimits.sessionLimit))
    }

    /// It sends session tickets and nothing else, far longer than the time limit.
    @Test func aReceiverThatSendsTicketsWithoutEndTimesOutAndHoldsBackNobody() throws {
        let flood = try OpenSSLServer(certificate: file, options: ["-tls1_3", "-num_tickets", "2000000000"])
        let other = try OpenSSLServer(certificate: file)
        let bench = try Bench {
            $0.caFile = file
            $0.threads = 1
        }
        let target = { (key: Int64, url: String, timeout: Int) in
            SendTarget(
                key: key,
                url: try EndpointURL(url),
                method: .get,
                timeoutMilliseconds: timeout,
                inFlightLimit: 32,
                ratePerSecond: nil,
                composer: CertificateComposer(.get, nil)
            )
        }
        bench.pool.submit([Bench.job(1, try target(1, flood.url, 1000), body: "q=1")])
        bench.pool.submit([Bench.job(2, try target(2, other.url, 20_000), body: "q=1")])
        let results = bench.waitForResults(2)
        let outcomes = Dictionary(uniqueKeysWithValues: results.map { ($0.job.id, $0.outcome) })
        #expect(outcomes[1]?.error == .timeout, "\(results)")
        #expect(outcomes[2]?.succeeded == true, "\(results)")
    }

    @Test func keysAreJudgedByWhatTheyCost() {
        func refusal(_ kind: Int32, bits: Int32 = 256, exponentBits: Int32 = 17) -> String? {
            HandshakeLimits.refusal(of: posthorn_tls_key(kind: kind, bits: bits, exponent_bits: exponentBits))
        }
        #expect(refusal(posthorn_tls_key_curve) == nil)
        #expect(refusal(posthorn_tls_key_rsa, bits: 2048) == nil)
        #expect(refusal(posthorn_tls_key_rsa, bits: 8192, exponentBits: 64) == nil)
        #expect(refusal(posthorn_tls_key_rsa, bits: 8193) != nil)
        #expect(refusal(posthorn_tls_key_rsa, bits: 2048, exponentBits: 65) != nil)
        #expect(refusal(posthorn_tls_key_other) != nil)
    }
}

/// Public keys that no tool would make.
private enum PublicKey {
    /// An RSA key in PEM: a modulus of that many bits, which need not have factors, and an exponent of that many bytes.
    static func rsa(bits: Int, exponentBytes: Int) -> String {
        let modulus = number([UInt8](repeating: 0xFF, count: bits / 8))
        let exponent = number([UInt8](repeating: 0xFF, count: exponentBytes))
        let algorithm: [UInt8] = [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00]
        let key = element(0x03, [0] + element(0x30, modulus + exponent))
        return "-----BEGIN PUBLIC KEY-----\n\(base64(element(0x30, algorithm + key)))-----END PUBLIC KEY-----\n"
    }

    private static func number(_ bytes: [UInt8]) -> [UInt8] { element(0x02, [0] + bytes) }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] =
            count < 128 ? [UInt8(count)] : count < 256 ? [0x81, UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 0xFF)]
        return [tag] + length + content
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = (0..<3).map { start + $0 < bytes.count ? UInt32(bytes[start + $0]) : 0 }
            let value = part[0] << 16 | part[1] << 8 | part[2]
            let given = min(3, bytes.count - start)
            for place in 0..<4 { text.append(place <= given ? alphabet[Int(value >> UInt32(18 - 6 * place) & 63)] : "=") }
            if start % 48 == 45 { text.append("\n") }
        }
        return text.hasSuffix("\n") ? text : text + "\n"
    }
}
