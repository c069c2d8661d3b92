import Glibc
import PosthornTestSupport
import Testing

/// A secret of every kind, through every command, against a receiver that sends back all it gets: nothing shows it again.
@Suite(.limited()) struct CanaryTests {
    /// Secrets that must never be seen, by the text to look for.
    private static let canaries = [
        "canary-diio", "canary-conference", "canary-webio-api", "canary-webio-secret", "canary-voiso", "canary-authorization",
        "Y2FuYXJ5LXN0YW5kYXJk", "Y2FuYXJ5LWVkMjU1MTkt", "canary-hmac", "canary-fixed-header", "canary-rotated", "canary-refused",
        "canary-smtp", "AHVzZXIAY2FuYXJ5LXNtdHA=",
    ]

    private static func topology(_ url: String) -> String {
        func endpoint(_ id: String, _ settings: String) -> String {
            #"{"id":"\#(id)","node":"c1","url":"\#(url)","timeout_ms":20000,\#(settings)}"#
        }
        let endpoints = [
            endpoint("diio", #""vendor":"diio","credentials":{"signing_secret":"canary-diio"}"#),
            endpoint("conference", #""vendor":"conference","credentials":{"token":"canary-conference"}"#),
            endpoint(
                "webio",
                #""vendor":"webio","credentials":{"api_key":"canary-webio-api","secret":"canary-webio-secret-of-32-bytes-!","organisation_id":"7"}"#
            ),
            endpoint(
                "voiso",
                #""vendor":"voiso","credentials":{"key":"canary-voiso","authorization_token":"canary-authorization","authorization_prefix":"Bearer"}"#
            ),
            endpoint("standard", #""vendor":"standard","credentials":{"secret":"whsec_Y2FuYXJ5LXN0YW5kYXJkLXNlY3JldC0x"}"#),
            endpoint("ed25519", #""vendor":"standard","credentials":{"secret":"whsk_Y2FuYXJ5LWVkMjU1MTktc2VlZC1vZi0zMi1ieXRlcyE="}"#),
            endpoint(
                "hmac",
                #""envelope":"raw","signature":"hmac","credentials":{"secret":"canary-hmac","header":"x-signature"},"headers":{"x-api-key":"canary-fixed-header"}"#
            ),
        ]
        let node = #"{"id":"c1","level":"company","notification_contact":{"email":"contact@example.com"}}"#
        return #"{"nodes":[\#(node)],"endpoints":[\#(endpoints.joined(separator: ","))]}"#
    }

    /// Answers handshakes, and everything else with an error that repeats the whole request.
    private static func echo(_ request: ReceivedRequest) -> Reply {
        if let start = request.target.firstRange(of: "echo_string=") {
            return .status(200, body: String(request.target[start.upperBound...]))
        }
        let headers = request.headers.map { "\($0.name): \($0.value)\n" }.joined()
        return .status(500, body: headers + String(decoding: request.body, as: UTF8.self))
    }

    @Test(arguments: [true, false]) func noSecretIsEverSeenAgain(hasKey: Bool) throws {
        let receiver = try MisbehavingReceiver(Self.echo)
        let posthorn = try PosthornProcess()
        let keyFile = posthorn.write(String(repeating: "5a", count: 32) + "\n", to: "key")
        var seen = ""
        func run(_ words: [String], input: String = "", status: Int32 = 0) throws {
            let result = try posthorn.run(words + (hasKey ? ["--key-file", keyFile] : []), input: Array(input.utf8))
            #expect(result.status == status, "\(words): \(result.errors)")
            seen += result.output + result.errors
        }
        try run(["apply", posthorn.write(Self.topology(receiver.url), to: "topology.json")])
        try run(["emit"], input: #"{"type":"meeting.finished","node":"c1","data":{"id":"m1"}}"#)
        for id in ["voiso", "webio", "conference", "hmac"] {
            try run(["endpoint", "test", id, "--allow", "127.0.0.0/8"], status: 1)
            try run(["endpoint", "test", id, "--allow", "127.0.0.0/8", "--json"], status: 1)
        }
        try run(["run", "--until-settled", "--speed", "1000000", "--allow", "127.0.0.0/8", "--log", "json"])
        try run(["endpoint", "rotate", "voiso", "--secret-stdin"], input: "canary-rotated\n")
        try run(["retry", "4"])
        try run(["run", "--until-settled", "--allow", "127.0.0.0/8"])
        let mails = try mail(posthorn, allowing: { try run($0) })
        seen += mails
        try run(["ask", "webio", "<<a>>", "--allow", "127.0.0.0/8"], status: 1)
        try refusals(receiver.url, posthorn, run: { try run($0, status: 1) })
        for words in [["endpoint", "list"], ["deliveries"], ["status"], ["doctor"]] {
            for json in [[], ["--json"]] {
                let result = try posthorn.run(words + json, input: [])
                seen += result.output + result.errors
            }
        }
        for delivery in 1...7 {
            for json in [[], ["--json"]] {
                let result = try posthorn.run(["attempts", "\(delivery)"] + json, input: [])
                #expect(result.output.contains("***") || ![2, 3, 4, 7].contains(delivery), "\(delivery): \(result.output)")
                seen += result.output + result.errors
            }
        }
        let tokens = Set(receiver.requests.compactMap { $0.header("x-webio-token") })
        #expect(!tokens.isEmpty && receiver.requests.contains { String(decoding: $0.body, as: UTF8.self).contains("canary-rotated") })
        for secret in Self.canaries + tokens { #expect(!seen.contains(secret), "\(secret) was printed") }
        if hasKey { try checkFiles(posthorn, Self.canaries + tokens) }
    }

    /// The mails of a run with a server that wants a password; they quote what the receivers sent back.
    private func mail(_ posthorn: PosthornProcess, allowing run: ([String]) throws -> Void) throws -> String {
        // Base64 of user and password with a zero byte in front of each.
        let login = "AHVzZXIAY2FuYXJ5LXNtdHA="
        let server = try SMTPServer(replies: ["EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": "334 ", "AHVZ": "235 2.7.0 welcome"])
        let password = posthorn.write("canary-smtp\n", to: "password")
        try run([
            "run", "--until-settled", "--allow", "127.0.0.0/8", "--smtp", "smtp://user@127.0.0.1:\(server.port)", "--mail-from",
            "posthorn@example.com", "--smtp-allow-plain", "--smtp-password-file", password, "--log", "json",
        ])
        #expect(server.commands.contains(login), "\(server.commands)")
        let texts = server.mails.map(\.text)
        // Quoted-printable breaks lines in the middle of words, so a secret may stand on two of them.
        let whole = texts.map { $0.replacing("=\r\n", with: "").replacing("=\n", with: "") }
        #expect(texts.contains { $0.contains("***") }, "no mail quotes a receiver")
        return (texts + whole).joined()
    }

    /// The lab's commands, their reports and their files.
    @Test func theLabShowsNoSecret() throws {
        let receiver = try MisbehavingReceiver(Self.echo)
        let posthorn = try PosthornProcess()
        let topology = posthorn.write(Self.topology(receiver.url), to: "topology.json")
        var seen = ""
        for endpoint in ["diio", "conference", "webio", "voiso", "standard", "ed25519", "hmac"] {
            let files = ["report.html", "times.csv"].map { posthorn.directory.file($0) }
            let load = ["load", receiver.url, "--count", "20", "--connections", "2", "--topology", topology, "--endpoint", endpoint]
            for json in [[], ["--json"]] {
                let result = try posthorn.run(load + ["--report", files[0], "--csv", files[1]] + json, input: [])
                seen += result.output + result.errors
                seen += files.map { String(decoding: posthorn.contents($0).utf8, as: UTF8.self) }.joined()
            }
        }
        #expect(receiver.requests.contains { $0.header("x-api-key") == "canary-fixed-header" })
        let tokens = Set(receiver.requests.compactMap { $0.header("x-webio-token") })
        for secret in Self.canaries + tokens { #expect(!seen.contains(secret), "\(secret) was printed") }
    }

    /// Errors about secrets name the field and not the value.
    private func refusals(_ url: String, _ posthorn: PosthornProcess, run: ([String]) throws -> Void) throws {
        let broken = [
            #""vendor":"webio","credentials":{"api_key":"k-of-webio","secret":"canary-refused","organisation_id":"7"}"#,
            #""vendor":"conference","credentials":{"token":"canary-refused\r\n"}"#,
            #""vendor":"standard","credentials":{"secret":"canary-refused"}"#,
            #""vendor":"diio","credentials":{"signing_secret":["canary-refused"]}"#,
            #""vendor":"weseedo","credentials":{"client_certificate":"canary-refused","client_key":"canary-refused"}"#,
        ]
        for settings in broken {
            let text = #"{"nodes":[{"id":"c1","level":"company"}],"endpoints":[{"id":"x","node":"c1","url":"\#(url)",\#(settings)}]}"#
            try run(["apply", posthorn.write(text, to: "broken.json"), "--json"])
        }
        let short = posthorn.write("canary-refused", to: "short")
        try run(["endpoint", "rotate", "webio", "--secret-file", short])
    }

    /// Nothing stands in the outbox's files.
    private func checkFiles(_ posthorn: PosthornProcess, _ secrets: [String]) throws {
        for ending in ["", "-wal", "-shm", "-engine"] {
            let bytes = posthorn.contents(posthorn.database + ending)
            for secret in secrets { #expect(!bytes.contains(secret), "\(secret) stands in the file outbox.db\(ending)") }
        }
    }
}
