import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// Durable deliveries a second: from a committed backlog in SQLite to a receiver on this machine, every attempt recorded.
struct DeliverBenchmark: Benchmark {
    static let name = "deliver"
    static let summary = "durable deliveries a second, from a backlog on disk to a receiver"
    static let explanation = """
        Writes a backlog into an outbox in a temporary folder, delivers it to a receiver in a process of its own on this
        machine, every attempt recorded with synchronous=FULL, and prints what that took.

        With --against, another program that does the same job runs in turns with the engine, at the same receiver, and the
        ratio of each pair is printed. {port}, {folder} and {ca} in its command are the receiver's port, an empty folder, and
        with --tls the file of the authorities that the receiver's certificates are to be judged by; its last line of JSON must
        have rps (deliveries a second) and cus (CPU µs a delivery), and may have ingest_ev_s.

        With --tls the file of authorities is the system's own with one more behind it, and is counted how often it is read.
        Connections and handshakes are the receiver's count. Without --warm they are part of what is measured.
        """
    static let example = "posthorn-bench deliver --events 30000 --endpoints 201"
    static var options: [BenchOption<Self>] {
        [
            .count("--events", "N", "events in the backlog", \.load.events),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--hosts", "N", "addresses that the endpoints are at", \.load.hosts),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
            .count("--threads", "N", "sender threads", \.threads),
            .text("--against", "COMMAND", "a program to compare with", \.against),
            .text("--lists", "N", "compare with the HTTP API open meanwhile and N list requests a second; 0 leaves it idle", \.lists),
            .count("--rounds", "N", "pairs of runs with --against, --lists or --handshakes", \.rounds),
            .flag("--handshakes", "with --tls --cold, compare the CPU with openssl s_time's", \.comparesHandshakes),
            .flag("--cold", "one delivery to each host instead of --events, --endpoints and --fan-out", \.isCold),
            .flag("--warm", "one delivery to each endpoint, not measured, opens connections before", \.isWarm),
        ] + ReceiverKind.options(\.receiver)
    }

    var load = Workload()
    var threads = 2
    var against = ""
    var lists = ""
    var rounds = 3
    var comparesHandshakes = false
    var isCold = false
    var isWarm = false
    var receiver = ReceiverKind()

    func check() throws {
        try load.check()
        if !lists.isEmpty, Int(lists).map({ $0 < 0 }) ?? true {
            throw BenchProblem.usage("--lists wants a number of requests a second, or 0")
        }
        if isCold && isWarm { throw BenchProblem.usage("--cold and --warm exclude each other") }
        if comparesHandshakes, !isCold || !receiver.isTLS || receiver.closes || !against.isEmpty || !lists.isEmpty {
            throw BenchProblem.usage("--handshakes belongs to --tls and --cold, without --closing, --against and --lists")
        }
    }

    func run() throws -> any BenchResult {
        ProcessFile.raiseDescriptorLimit()
        let sink = try BenchReceiver(receiver, hosts: load.hosts)
        defer { sink.end() }
        var benchmark = self
        benchmark.load.caFile = sink.caFile
        if isCold { (benchmark.load.events, benchmark.load.endpoints, benchmark.load.fanOut) = (load.hosts, load.hosts, 1) }
        return try benchmark.run(sink)
    }

    private func run(_ sink: BenchReceiver) throws -> any BenchResult {
        let watch = try sink.caFile.map { try CertificateFileWatch($0) }
        if !against.isEmpty { return try compare(sink) }
        if let lists = Int(lists) { return try compare(sink, withLists: lists) }
        if comparesHandshakes { return try compareHandshakes(sink) }
        let found = try DeliveryRun.of(load, threads: threads, port: sink.port, isWarm: isWarm)
        var figures = try sink.connections().figures(
            hosts: load.hosts,
            deliveries: load.deliveries + (isWarm ? load.endpoints : 0),
            isTLS: receiver.isTLS
        )
        if let watch { figures.append(.init("authority_loads", "readings of the file of authorities", Double(watch.openings))) }
        return report(found, [], figures)
    }

    private func compare(_ sink: BenchReceiver) throws -> FigureList {
        let other = OtherProgram(command: against)
        var (rate, cpu, ingest, opened) = (PairedRuns(), PairedRuns(), PairedRuns(), PairedRuns())
        let last = try Rounds.make(rounds) {
            let start = try sink.connections()
            let ours = try DeliveryRun.of(load, threads: threads, port: sink.port, isWarm: isWarm)
            let middle = try sink.connections()
            let theirs = try other.run(port: sink.port, caFile: sink.caFile)
            opened.add(Double((middle - start).opened), Double((try sink.connections() - middle).opened))
            rate.add(ours.perSecond, theirs.perSecond)
            cpu.add(ours.cpuMicroseconds, theirs.cpuMicroseconds)
            if let events = theirs.eventsPerSecond { ingest.add(Double(load.events) / ours.emit.wallSeconds, events) }
            return ours
        }
        var figures = rate.figures("deliveries_per_second", "deliveries/s", "engine", "the other")
        figures += cpu.figures("cpu_us_per_delivery", "CPU µs a delivery", "engine", "the other")
        if !ingest.pairs.isEmpty { figures += ingest.figures("events_stored_per_second", "events stored/s", "engine", "the other") }
        figures += opened.figures("connections_opened", "connections opened", "engine", "the other")
        return report(last, figures, [])
    }

    private func compare(_ sink: BenchReceiver, withLists lists: Int) throws -> FigureList {
        var rate = PairedRuns()
        var answered: [Double] = []
        let last = try Rounds.make(rounds) {
            let ours = try DeliveryRun.of(load, threads: threads, port: sink.port, isWarm: isWarm, lists: lists)
            let alone = try DeliveryRun.of(load, threads: threads, port: sink.port, isWarm: isWarm)
            rate.add(ours.perSecond, alone.perSecond)
            answered.append(ours.listsPerSecond)
            return ours
        }
        var figures = rate.figures("deliveries_per_second", "deliveries/s", "beside the API", "alone")
        figures.append(.init("lists_per_second", "lists answered a second meanwhile", Sample(answered).median))
        return report(last, figures, [])
    }

    private func compareHandshakes(_ sink: BenchReceiver) throws -> FigureList {
        var (senders, whole) = (PairedRuns(), PairedRuns())
        let last = try Rounds.make(rounds) {
            let ours = try DeliveryRun.of(load, threads: threads, port: sink.port)
            let alone = try HandshakeClient.microsecondsPerHandshake(sink)
            senders.add(ours.senderMicroseconds / Double(ours.deliveries), alone)
            whole.add(ours.cpuMicroseconds, alone)
            return ours
        }
        let figures = senders.figures("sender_us_per_handshake", "CPU µs a handshake of the senders", "engine", "openssl s_time")
        return report(last, figures + whole.figures("cpu_us_per_handshake", "CPU µs a handshake", "engine", "openssl s_time"), [])
    }

    private func report(_ found: DeliveryRun, _ comparison: [Figure], _ connections: [Figure]) -> FigureList {
        let count = Double(found.deliveries)
        return FigureList(
            title: "\(load.events) events of \(load.payloadBytes) bytes, fan-out \(load.fanOut), "
                + "\(load.endpoints) endpoints, \(threads) sender threads, Standard Webhooks signatures\(receiver.text)"
                + (isWarm ? ", connections open before" : "")
                + (comparison.isEmpty ? "" : "; \(rounds) rounds in turns" + (against.isEmpty ? "" : " with: \(against)")),
            settings: [
                ("events", load.events), ("fan_out", load.fanOut), ("endpoints", load.endpoints), ("hosts", load.hosts),
                ("payload_bytes", load.payloadBytes), ("threads", threads), ("deliveries", found.deliveries),
            ],
            figures: comparison + [
                .init("deliveries_per_second", "deliveries/s", found.perSecond),
                .init("cpu_us_per_delivery", "CPU µs a delivery", found.cpuMicroseconds),
                .init("writer_us_per_delivery", "of these on the writer's thread", found.writerMicroseconds / count),
                .init("sender_us_per_delivery", "of these on the senders' threads", found.senderMicroseconds / count),
                .init("statements_per_delivery", "SQL steps a delivery", Double(found.statements) / count),
                .init("deliveries_per_commit", "deliveries a commit", count / Double(max(1, found.commits))),
                .init("allocations_per_delivery", "allocations a delivery", Double(found.deliver.allocations) / count),
                .init("seconds", "seconds", found.deliver.wallSeconds),
                .init("emit_cpu_us_per_delivery", "CPU µs to emit a delivery", found.emit.cpuSeconds / count * 1e6),
                .init("database_bytes_per_delivery", "bytes on disk a delivery, log included", Double(found.databaseBytes) / count),
            ] + written(found) + [
                .init(
                    "connections_per_request_at_once",
                    "connections opened to a host, of the most requests that it had at once",
                    found.connectionsPerRequestAtOnce
                ),
                .init("peak_resident_mib", "MiB resident at most", Measurement.peakResidentMebibytes()),
            ] + connections
        )
    }

    private func written(_ found: DeliveryRun) -> [Figure] {
        let parts = [
            ("emit_written_bytes_per_delivery", "bytes written to emit a delivery", found.emit.writtenBytes),
            ("written_bytes_per_delivery", "bytes written to deliver one", found.deliver.writtenBytes),
        ]
        return parts.compactMap { key, title, bytes in
            bytes.map { Figure(key, title, Double($0) / Double(found.deliveries)) }
        }
    }
}
