// A webhook receiver in Swift: HTTP through PosthornHTTP, signatures checked with OpenSSL's libcrypto.
//
//   swift run PosthornReceiverExample Examples/receivers/receiver.json       default: receiver.json in the current folder, port 9999
//   curl http://localhost:9999/                                      greets you
//
// The configuration is the same as that of receiver.js and receiver.py, its neighbours: "port", "host", and under "hooks"
// a path for each webhook with its "format" and credentials:
//   weseedo     (no signature)
//   diio        signing_secret      also answers the handshake, GET ?echo_string=…
//   conference  token
//   webio       secret, api_key, organisation_id; "values" answers custom value requests (GET ?customerUID=…)
//   voiso       key, and/or authorization (the whole header value); GET is Call Notify
//   standard    secret: whsec_… (HMAC) or whpk_… (ed25519), or a list of them
// The environment variables PORT and HOST win over the file.
//
// Every request is verified before its body is believed, and answered 200; a wrong signature gets 401. What arrives twice
// is answered 200 again and not handled again: the sender repeats a request whose answer got lost. weseedo and standard
// carry an event id to tell by; for the other formats a retry has the very same bytes, so the digest of body or query
// serves. It also takes two events for one whose bytes are the same: data with an id or a time of its own is never that.

import Foundation
import PosthornHTTP
import PosthornModel
import PosthornText
import Synchronization

let output = Mutex(FileHandle.standardOutput)

/// Called once for each event. Put your own work here; keep it short, or hand it to a queue, and let the answer go out.
/// What it throws is answered 500, so that the sender comes again.
@Sendable func handle(_ event: ReceivedEvent, path: String) throws {
    let line = JSONValue.object([
        .init("path", .string(path)), .init("id", .string(event.id)), .init("type", .string(event.type)), .init("data", event.data),
    ])
    try output.withLock { try $0.write(contentsOf: Data((line.text + "\n").utf8)) }
}

@Sendable func report(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

do {
    let settings = try ReceiverSettings(file: CommandLine.arguments.dropFirst().first ?? "receiver.json")
    let receiver = Receiver(hooks: settings.hooks, handle: handle, report: report)
    // Blocked before the server's threads start, so that `sigwait` gets them.
    var stopping = sigset_t()
    sigemptyset(&stopping)
    sigaddset(&stopping, SIGINT)
    sigaddset(&stopping, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &stopping, nil)

    var configuration = HTTPServerConfiguration(host: settings.host, port: settings.port)
    // Call Notify puts a whole payload into the request line.
    configuration.headerLimitBytes = 64 << 10
    let server = try HTTPServer(configuration: configuration) { receiver.answer($0) }
    report("listening on http://localhost:\(server.port)")
    var signal: Int32 = 0
    sigwait(&stopping, &signal)
    // Requests that are under way are answered first.
    server.stop()
} catch {
    report("receiver: \(error)")
    exit(1)
}
