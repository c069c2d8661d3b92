import PosthornModel
import PosthornText
import PosthornSending
import PosthornTestSupport
import Testing

/// Receivers that ask who is calling. The certificates are real, and so is the TLS on the other side.
@Suite(.enabled(if: OpenSSLServer.isAvailable)) struct ClientCertificateTests {
    private let directory: TemporaryDirectory
    private let server: String

    init() throws {
        directory = try TemporaryDirectory()
        server = directory.file("server.pem")
        try OpenSSLServer.makeCertificate(server, name: "posthorn test", alternative: "IP:127.0.0.1", days: 2)
    }

    /// A self-signed certificate of a client, and the file that a server trusts it by.
    private func client(_ name: String) throws -> (certificate: ClientCertificate, file: String) {
        let file = directory.file("\(name).pem")
        try OpenSSLServer.makeCertificate(file, name: name, alternative: nil, days: 2)
        let certificate = ClientCertificate(
            certificate: Array(try OpenSSLServer.contents(of: file + ".crt").utf8),
            key: Array(try OpenSSLServer.contents(of: file + ".key").utf8)
        )
        return (certificate, file + ".crt")
    }

    private func target(_ url: String, key: Int64 = 1, _ method: RequestMethod, _ certificate: ClientCertificate?) throws
        -> SendTarget
    {
        SendTarget(
            key: key,
            url: try EndpointURL(url),
            method: method,
            timeoutMilliseconds: 20_000,
            inFlightLimit: 32,
            ratePerSecond: nil,
            composer: CertificateComposer(method, certificate)
        )
    }

    /// What comes of a request to `openssl s_server` that trusts one client.
    private func outcome(_ protocolVersion: String, trusted: String, _ certificate: ClientCertificate?) throws -> AttemptOutcome {
        let demanding = try OpenSSLServer(
            certificate: server,
            options: ["-Verify", "1", "-verify_return_error", "-CAfile", trusted, protocolVersion]
        )
        let bench = try Bench { $0.caFile = server }
        bench.pool.submit([Bench.job(1, try target(demanding.url, .get, certificate), body: "q=1")])
        return try #require(bench.waitForResults(1).first?.outcome)
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"]) func aReceiverThatDemandsACertificateIsDeliveredToWithTheRightOne(_ version: String) throws {
        let (certificate, file) = try client("known")
        let outcome = try outcome(version, trusted: file, certificate)
        #expect(outcome.succeeded, "\(outcome)")
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"]) func withoutACertificateOrWithAnotherTheAttemptFails(_ version: String) throws {
        let known = try client("known")
        let stranger = try client("stranger")
        for certificate in [nil, stranger.certificate] {
            let outcome = try outcome(version, trusted: known.file, certificate)
            // With TLS 1.3 the refusal comes after the client's part of the handshake: as an alert, or as the end of the
            // connection if the receiver is quick to close it.
            let isQuick = version == "-tls1_3" && outcome.error == .closed && outcome.errorText.contains("client certificate")
            #expect(outcome.error == .tls && outcome.errorText.contains("alert") || isQuick, "\(outcome)")
            #expect(outcome.status == nil)
        }
    }

    /// One thread, one receiver, three identities: each keeps its own connection, and no request leaves over another's.
    @Test(.enabled(if: PythonTLSServer.isAvailable)) func connectionsAreNotSharedBetweenCertificates() throws {
        let first = try client("first")
        let second = try client("second")
        let clients = directory.file("clients.pem")
        try OpenSSLServer.write(try OpenSSLServer.contents(of: first.file) + OpenSSLServer.contents(of: second.file), to: clients)
        let receiver = try PythonTLSServer(certificate: server, clients: clients, isDemanding: false)
        let bench = try Bench {
            $0.caFile = server
            $0.threads = 1
        }
        let targets = [
            try target(receiver.url, key: 1, .post, first.certificate), try target(receiver.url, key: 2, .post, second.certificate),
            try target(receiver.url, key: 3, .post, nil),
            // The same certificate once more, as after a change of other settings: the bytes count, not the object.
            try target(
                receiver.url,
                key: 1,
                .post,
                ClientCertificate(certificate: first.certificate.certificate, key: first.certificate.key)
            ),
        ]
        var seen: [PythonTLSServer.Request] = []
        for round in 0..<3 {
            for (place, target) in targets.enumerated() {
                let number = round * targets.count + place + 1
                // One after the other, so that a connection of the wrong identity is idle each time.
                bench.pool.submit([Bench.job(Int64(number), target)])
                #expect(bench.waitForResults(number).last?.outcome.succeeded == true)
                seen.append(try #require(receiver.nextRequest()))
            }
        }
        #expect(seen.map(\.client) == Array(repeating: ["first", "second", "", "first"], count: 3).flatMap { $0 })
        for name in ["first", "second", ""] { #expect(Set(seen.filter { $0.client == name }.map(\.connection)).count == 1) }
        #expect(bench.pool.statistics.connectionsOpened == 3)
    }
}

/// A plain request with a certificate.
final class CertificateComposer: RequestComposer {
    private let plain: PlainComposer
    let clientCertificate: ClientCertificate?

    init(_ method: RequestMethod, _ certificate: ClientCertificate?) {
        plain = PlainComposer(method)
        clientCertificate = certificate
    }

    func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        try plain.compose(event, attempt: attempt, at: now, into: &request)
        request.clientCertificate = clientCertificate
    }
}
