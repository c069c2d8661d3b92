import Glibc
import PosthornTestSupport
import Testing

/// What the environment says to other programs on libcurl says nothing to `posthorn`: whoever starts it by a shell with a
/// proxy or a key log set up sends no deliveries through the one and no session keys into the other.
@Suite(.enabled(if: OpenSSLServer.isAvailable && PythonTLSServer.isAvailable), .limited()) struct EnvironmentTests {
    @Test func proxiesKeyLogsAndSettingsOfLibcurlAreIgnored() throws {
        let posthorn = try PosthornProcess()
        let proxy = try MisbehavingReceiver { _ in .ok }
        let plain = try MisbehavingReceiver { request in request.target == "/hook/failing" ? .status(500) : .ok }
        let server = posthorn.directory.file("server.pem")
        try OpenSSLServer.makeCertificate(server, name: "server", alternative: "IP:127.0.0.1", days: 2)
        let secure = try PythonTLSServer(certificate: server, clients: server + ".crt", isDemanding: false)
        let mails = try SMTPServer()
        let topology = """
            {"nodes": [{"id": "s", "level": "site", "notification_contact": {"email": "site@example.com"}}], "endpoints": [
                {"id": "plain", "node": "s", "url": "\(plain.url)", "vendor": "weseedo"},
                {"id": "secure", "node": "s", "url": "\(secure.url)", "vendor": "weseedo"},
                {"id": "failing", "node": "s", "url": "\(plain.url)/failing", "vendor": "weseedo", "retry": ["0"]}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        #expect(try posthorn.run("emit", input: SampleTopology.event("e1", node: "s")).status == 0)
        let environment = variables(posthorn, proxy: "http://127.0.0.1:\(proxy.port)", authorities: server)
        let words = [
            "run", "--until-settled", "--allow", "127.0.0.0/8", "--smtp", "smtp://127.0.0.1:\(mails.port)", "--smtp-allow-plain",
            "--mail-from", "posthorn@example.com",
        ]
        let run = try posthorn.run(words, environment: environment)
        #expect(run.status == 0, "\(run.errors)")
        let test = try posthorn.run(["endpoint", "test", "secure", "--allow", "127.0.0.0/8"], environment: environment)
        #expect(test.status == 0, "\(test.errors)")

        #expect(proxy.connectionCount == 0)
        #expect(plain.requests.count == 2 && plain.requests.allSatisfy { $0.header("authorization") == nil })
        // The authorities are the one thing that the environment may say, as it does to every program on OpenSSL.
        #expect(secure.nextRequest()?.method == "POST" && secure.nextRequest()?.method == "POST")
        #expect(mails.mails.count == 1)
        #expect(access(posthorn.directory.file("keys.log"), F_OK) != 0, "session keys were logged")
    }

    /// Every variable that libcurl, its OpenSSL or the `curl` program reads, each pointing where something would show.
    private func variables(_ posthorn: PosthornProcess, proxy: String, authorities: String) -> [String: String] {
        let home = posthorn.directory.path
        _ = posthorn.write("proxy = \"\(proxy)\"\nuser-agent = \"curl\"\n", to: ".curlrc")
        let login = "machine 127.0.0.1 login canary password canary\n"
        _ = posthorn.write(login, to: "netrc")
        _ = posthorn.write(login, to: ".netrc")
        var variables = ["HOME": home, "CURL_HOME": home, "XDG_CONFIG_HOME": home, "NETRC": home + "/netrc"]
        for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "HTTP_PROXY", "smtp_proxy"] {
            variables[name] = proxy
        }
        variables["SSLKEYLOGFILE"] = posthorn.directory.file("keys.log")
        variables["SSL_CERT_FILE"] = authorities
        return variables
    }
}
