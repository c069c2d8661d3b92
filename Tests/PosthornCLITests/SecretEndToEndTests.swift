import Glibc
import PosthornTestSupport
import Testing

/// What `doctor` says of secrets, with the real program.
@Suite(.enabled(if: OpenSSLServer.isAvailable), .limited()) struct SecretEndToEndTests {
    @Test func aKeyForAllAndACertificateThatEndsSoonAreNamed() throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.directory.file("client.pem")
        try OpenSSLServer.makeCertificate(file, name: "posthorn", alternative: nil, days: 20)
        func quoted(_ ending: String) throws -> String {
            try OpenSSLServer.contents(of: file + ending).split(separator: "\n").joined(separator: #"\n"#)
        }
        let topology = """
            {"nodes": [{"id": "c1", "level": "company"}], "endpoints": [
              {"id": "crm", "node": "c1", "url": "https://crm.example/", "vendor": "weseedo",
               "credentials": {"client_certificate": "\(try quoted(".crt"))", "client_key": "\(try quoted(".key"))"}} ] }
            """
        let path = posthorn.write(String(repeating: "5a", count: 32), to: "key")
        let key = ["--key-file", path]
        let applied = try posthorn.run(["apply", posthorn.write(topology, to: "topology.json")] + key, input: [])
        try #require(applied.status == 0, "\(applied.errors)")
        func doctor(_ words: [String] = [], _ environment: [String: String] = [:]) throws -> [String] {
            try posthorn.run(["doctor"] + words, environment: environment).lines
        }
        let sound = try doctor(key)
        #expect(
            sound.contains { $0.hasPrefix("ok       key file") } && sound.contains { $0.hasPrefix("warn     client cert   the client") }
        )
        #expect(sound.contains { $0.contains("crm, or one of its chain, expires on ") && $0.contains("(in 19d 23h)") }, "\(sound)")
        // Without the key nobody can look into it.
        #expect(try !doctor().contains { $0.contains("client cert") || $0.contains("key file") })
        #expect(chmod(path, 0o644) == 0)
        for words in [try doctor(key), try doctor([], ["POSTHORN_KEY_FILE": path])] {
            #expect(words.contains { $0.hasPrefix("warn     key file") && $0.contains("644") && $0.hasSuffix("chmod o-rwx \(path)") })
        }
    }

    /// Any block of PEM may say that it is encrypted. OpenSSL asks for its password on the terminal, or takes it from the
    /// standard input, and waits: with the outbox locked, since credentials are read where it is written.
    @Test func aCertificateThatSaysItIsEncryptedAsksNobody() throws {
        let posthorn = try PosthornProcess()
        let block = #"""
            -----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n\#
            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END CERTIFICATE-----\n
            """#
        let topology = """
            {"nodes": [{"id": "c1", "level": "company"}], "endpoints": [
              {"id": "crm", "node": "c1", "url": "https://crm.example/", "vendor": "weseedo",
               "credentials": {"client_certificate": "\(block)", "client_key": "none"}} ] }
            """
        let applied = try posthorn.run("apply", posthorn.write(topology, to: "topology.json"), input: "secret\nsecret\nsecret\n")
        #expect(applied.status == 1)
        #expect(applied.errorLines.count == 1 && applied.errors.contains("client_certificate: is no certificate"), "\(applied.errors)")
    }
}
