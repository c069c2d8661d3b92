import PosthornAPI
import PosthornFormats
import PosthornHTTP
import PosthornLab
import PosthornModel
import PosthornText
import PosthornSystem
import Synchronization

/// `posthorn receive`
enum ReceiveCommand: Command {
    static let specification = CommandSpecification(
        name: "receive",
        summary: "be a receiver: check signatures, print what arrives, misbehave on request",
        flags: [
            .init("port", "N", "where to listen (default 9999; 0 for any free port)"),
            .init("host", "ADDRESS", "the address to listen on (default 127.0.0.1; :: for all)"),
        ] + ReceiverTLS.flags + FormatFlags.flags + [
            .init("rotate-to", "SECRET", "a second, newer secret: a signature is right with either, as while a sender rotates"),
            .init("fail-first", "N", "answer the first N attempts of every event with 500"),
            .init("status", "CODE", "answer every event with this status (default 200)"),
            .init("delay", "MS", "answer so many milliseconds later"),
            .init("rate-limit", "N", "take N requests a second, a tenth of them at once, and answer 429 with Retry-After beyond that"),
            .init("fault", "LIST", isRepeatable: true, "by chance: \(Misbehaviour.Fault.example) (repeatable)"),
            .init("seed", "N", "where the dice of --fault start from (default 0)"),
            .init("rules", "FILE", "behave by path, type, attempt, time and share, as this file says (JSON)"),
            .init("record", "FILE", "append each request with an event, byte for byte, and what it was answered"),
            .init("play", "FILE", "be the test double of a recorded receiver: answer the same requests as it did"),
            RelayFlags.target,
            RelayFlags.atOnce,
            RelayFlags.timeout,
            .init("value", "FIELD=VALUE", isRepeatable: true, "answer Webio's value requests with this (repeatable)"),
            .init("ledger", "FILE", "append a line for each event that is processed, for posthorn load --ledger"),
            .init("ui", "ADDRESS", "show what arrives live, on a page at HOST:PORT of this machine or unix:PATH, such as 127.0.0.1:9998"),
            .init("until", "N", "end once N different events were answered 200"),
            CommandSpecification.caFile,
            LabTarget.ownership,
        ],
        usesOutbox: false,
        settings: ReceiverTLS.flags.map(\.name) + LabTarget.settings,
        details: [
            "Signatures are checked when credentials are given (or a topology file that has them); a wrong one is answered 401."
                + "\nAn event that was answered 200 before is a duplicate: it is answered 200 again and marked. diio's validation gets"
                + "\nits echo_string back, and a browser is greeted. Voiso's Call Notify by GET carries no key: it is answered 200 and marked"
                + "\nas not signed, unless its authorization_token is given; with --topology it is refused where the endpoint's method is POST.",
            "With --tls-cert it speaks HTTPS, TLS 1.2 or 1.3. A certificate for trying it out, which senders take with --ca-file cert.pem:"
                + "\nopenssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
                + "\n-keyout key.pem -out cert.pem. A client with which TLS is not agreed is named on the standard error, and has ten seconds for it.",
            "With --ledger an event is written down when it is processed: once, the first time that it is answered 200. The faults"
                + "\nlose (answered 200, not processed) and twice spoil that on purpose.",
            "Faults are written as simulate's: NAME=SHARE (or NAME:SHARE), parted by commas. A name is a status from 200 to 599,"
                + "\nhangup, delay:MS, lose or twice. An attempt meets one of them at most, so the shares are 100% together at most.",
            "--rules has {\"seed\": 0, \"rules\": […]}; the first rule that fits an event decides, and faults do not strike it then. A rule is held against"
                + "\npath (* at its end for any end), type (a pattern), attempts (2, 1..3, 4..), from and to (since the start: 90s, 10m) and share (10%), and"
                + "\nsays status, body, retry_after_s, delay_ms, hang_up (true) and process (0: answered and lost, 2: acted on twice). What is badly signed"
                + "\nis refused as ever.",
            "--play answers each request as the recording of --record has it, by method, path and event (by its bytes where it has no id): the n-th"
                + "\ntime with the n-th answer, later with the last one, after the same delay; 404 for what was not recorded.",
            "--relay passes on what is taken here (not what is badly signed, or meets a rule or fault with an answer of its own) with method, body and"
                + "\nheaders as they came, and gives back status, headers and body of the answer; 502 or 504 where none comes. Left out are the headers of one"
                + "\nconnection (Connection and what it names, Keep-Alive, Proxy-…, TE, Trailer, Transfer-Encoding, Upgrade) and Expect; Host and"
                + "\nContent-Length are the target's, and Via is added. A URL without a path gets the path of each request. \(Relay.limit) are passed on at once."
                + "\nThe output, the ledger and a recording have the answer that was given back. With --relay-at-once that is this receiver's own.",
            "A --topology of several endpoints without --endpoint makes it the receiver of each of them, at the path of its URL: formats, keys and"
                + "\nvendors' files are those of the endpoints, and other paths are answered 404.",
            "The page of --ui has the newest \(InspectorServer.keptLimit) requests with header and body (\(HumanText.bytes(UInt64(InspectedRequest.bodyLimitBytes))) at most), whether each was"
                + "\nverified or why not, what it was answered, and duplicates. Payloads are shown as they came, so only this machine can open it.",
            "SIGINT (Ctrl-C) and SIGTERM let requests that have arrived be answered, and print what was counted.",
            "Requests are answered whether or not anybody reads the output. Up to \(HumanText.bytes(UInt64(LinePrinter.limitBytes))) of lines wait for a reader; what"
                + "\ncomes then is left out, and a line says how many (with --json: kind \"dropped\", lines). The ledger leaves nothing out.",
            "With --json: one object a request, with number, time, kind, method, path, address, type, id, attempt, bytes, problem,"
                + "\nsignature, signature_problem, times, duplicate, status and delay_ms; before them one of kind \"listening\" with host,"
                + "\nport and tls, after them one of kind \"total\".",
        ],
        examples: [
            "posthorn receive",
            "posthorn receive --vendor diio --credential signing_secret=whatever-was-agreed",
            "posthorn receive --topology topology.json --endpoint crm --fail-first 2 --delay 100",
            "posthorn receive --topology topology.json --rules rules.json --record requests.ndjson",
            "posthorn receive --play requests.ndjson",
            "posthorn receive --record requests.ndjson --relay http://127.0.0.1:3000/hooks",
            "posthorn receive --vendor webio --value balance=12.50",
            "posthorn receive --tls-cert cert.pem --tls-key key.pem",
            "posthorn receive --ui 127.0.0.1:9998",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let host = arguments.text("host") ?? "127.0.0.1"
        var server = HTTPServerConfiguration(host: host, port: try arguments.integer("port", 0...65_535) ?? 9999)
        server.idleLimitMilliseconds = 600_000
        server.tls = try ReceiverTLS.server(arguments, context.command)
        // A load test is one client with many connections.
        server.connectionLimitPerAddress = nil
        let hooks = try ReceiverHooks(arguments, host: host, scheme: server.tls == nil ? "http" : "https")
        var configuration = try ReceiverFlags.configuration(arguments, hooks.settings, context.command)
        (configuration.identity, configuration.handshakes, configuration.hooks) = (hooks.identity, hooks.handshakes, hooks.hooks)
        configuration.began = SystemClock().now()
        let judge = hooks.check ?? { _ in .unchecked }
        let goal = EventGoal(try arguments.integer("until", 1...Int.max))

        let ledger = try arguments.text("ledger").map { try LedgerFile($0) }
        let recording = try arguments.text("record").map { try LedgerFile($0) }

        // Before the first thread is started.
        StopSignals.block()
        DescriptorLimit.raise(to: server.connectionLimit + 256)
        let ending = try Waker()
        let isJSON = context.json
        let printer = try LinePrinter(notice: { isJSON ? droppedJSON($0) : Array(dropped($0).utf8) })
        defer { printer.close() }
        // Nobody may read the errors either.
        let errors = try LinePrinter(notice: { Array(dropped($0).utf8) }, write: { _ = Descriptor.write($0, to: 2) })
        defer { errors.close() }
        server.handshakeFailed = { errors.line("posthorn: \(ReceiverTLS.text(of: $0))".utf8) }
        configuration.relay = try RelayFlags.relay(arguments, configuration) { errors.line("posthorn: \($0)".utf8) }
        let inspector = try arguments.text("ui").map { text in
            try InspectorServer(listen: try page(text, context.command))
        }
        defer { inspector?.stop() }
        let receiver = try Receiver(
            server: server,
            configuration: configuration,
            check: judge,
            observe: { arrival, request in
                if let ledger, arrival.timesProcessed > 0,
                    let failure = ledger.write(arrival.ledgerLine(request), times: arrival.timesProcessed)
                {
                    errors.line("posthorn: the ledger could not be written: \(SystemProblem("write", failure))".utf8)
                }
                if let recording, arrival.kind == .event, let failure = recording.write(arrival.recordingLine(request), times: 1) {
                    errors.line("posthorn: the recording could not be written: \(SystemProblem("write", failure))".utf8)
                }
                inspector?.add(InspectedRequest.value(of: arrival, request))
                printer.line(isJSON ? arrival.json : Array(arrival.line.utf8))
                if goal.isReached(with: arrival) { ending.signal() }
            }
        )
        if let inspector {
            let name = host.contains(":") ? "[\(host)]" : host
            inspector.show("\(server.tls == nil ? "http" : "https")://\(name):\(receiver.port)/")
            announce(page: inspector.url, isJSON, printer)
        }
        announce(server, receiver.port, host, isChecking: hooks.isChecking, isJSON, printer)
        _ = try StopSignals.watch { _ in ending.signal() }
        ending.wait(milliseconds: nil)
        receiver.stop()
        printer.line(isJSON ? total(receiver.counts) : Array(summary(receiver.counts).utf8))
        return 0
    }

    /// The line about lines that were left out.
    private static func dropped(_ count: Int) -> String {
        "\(HumanText.count(count, "line was", "lines were")) left out, because they were not read"
    }

    private static func droppedJSON(_ count: Int) -> [UInt8] {
        Array(JSONValue.object([.init("kind", .string("dropped")), .init("lines", .number(String(count)))]).text.utf8)
    }

    private static func page(_ text: String, _ command: String) throws(UsageProblem) -> ListenAddress {
        do throws(InputProblem) { return try ListenAddress(text) } catch {
            throw UsageProblem("--ui: \(error.value.map { "\"\(InputProblem.printable($0))\" " } ?? "")\(error.reason)", command: command)
        }
    }

    private static func announce(page: String, _ isJSON: Bool, _ printer: LinePrinter) {
        if !isJSON { return ErrorOutput.line("what arrives is shown at \(TerminalText.text(page))") }
        let object = JSONValue.object([.init("kind", .string("page")), .init("url", .string(page))])
        printer.line(object.text.utf8)
    }

    private static func announce(
        _ server: HTTPServerConfiguration,
        _ port: Int,
        _ host: String,
        isChecking: Bool,
        _ isJSON: Bool,
        _ printer: LinePrinter
    ) {
        if isJSON {
            let object = JSONValue.object([
                .init("kind", .string("listening")), .init("host", .string(host)), .init("port", .number(String(port))),
                .init("tls", .bool(server.tls != nil)),
            ])
            return printer.line(object.text.utf8)
        }
        let name = host.contains(":") ? "[\(host)]" : host
        let signatures = isChecking ? "signatures are checked" : "signatures are not checked (no credentials given)"
        let scheme = server.tls == nil ? "http" : "https"
        ErrorOutput.line("receiving on \(scheme)://\(TerminalText.text(name)):\(port)/, \(signatures); Ctrl-C ends")
    }

    private static func total(_ counts: ReceiverCounts) -> [UInt8] {
        guard case .object(let members) = counts.json else { return [] }
        return Array(JSONValue.object([.init("kind", .string("total"))] + members).text.utf8)
    }

    /// The counts that are not 0, for people.
    static func summary(_ counts: ReceiverCounts) -> String {
        var parts = [HumanText.count(counts.events, "request with an event", "requests with events")]
        func add(_ number: Int, _ one: String, _ many: String) { if number > 0 { parts.append(HumanText.count(number, one, many)) } }
        add(counts.duplicates, "duplicate", "duplicates")
        add(counts.badSignatures, "bad signature", "bad signatures")
        add(counts.unsigned, "unsigned request", "unsigned requests")
        add(counts.unreadable, "unreadable body", "unreadable bodies")
        add(counts.validations, "validation", "validations")
        add(counts.valueRequests, "value request", "value requests")
        add(counts.greetings, "greeting", "greetings")
        add(counts.hangUps, "hang-up", "hang-ups")
        let statuses = counts.byStatus.sorted { $0.key < $1.key }.map { "\($0.key): \(HumanText.grouped($0.value))" }
        return parts.joined(separator: ", ") + (statuses.isEmpty ? "" : "; answered \(statuses.joined(separator: ", "))")
    }
}

/// Counts the different events that were answered 200, up to a number.
final class EventGoal: Sendable {
    private let goal: Int?
    private let accepted = Atomic(0)

    /// - Parameter goal: `nil` to go on for ever.
    init(_ goal: Int?) { self.goal = goal }

    /// Whether this arrival is the last one wanted, or came after it.
    func isReached(with arrival: ReceivedRequest) -> Bool {
        guard let goal, arrival.isNew else { return false }
        return accepted.add(1, ordering: .relaxed).newValue >= goal
    }
}
