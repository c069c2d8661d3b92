import Glibc
import Posthorn
import PosthornAPI
import PosthornBenchReports
import PosthornLab
import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornText

/// `posthorn-bench dashboard`
struct DashboardBenchmark: Benchmark {
    static let name = "dashboard"
    static let summary = "how long what the dashboard's pages ask for takes on a large outbox, and how many bytes they are"
    static let explanation = """
        Asks the HTTP API what the dashboard's first screen, its list of deliveries, the page of an endpoint and the tree of nodes ask it,
        with a large hierarchy: a reseller, a hundred dealers, and companies with three endpoints each. One in fifty deliveries is exhausted,
        one in twenty pending, one endpoint in a thousand disabled. Says how long each request took, what all of a page take one
        after the other, and how many bytes the first screen is with its files. The first request of each kind after a start is told apart,
        as is the first list after a change that another program has made of an endpoint or a node, and a change by the API. Filling takes a minute for each two million deliveries;
        with --outbox the file is made where it is missing, and kept for the next run.
        """
    static let example = "posthorn-bench dashboard --deliveries 100000 --endpoints 3000"
    static var options: [BenchOption<Self>] {
        [
            .count("--deliveries", "N", "deliveries in the outbox", \.deliveries),
            .count("--endpoints", "N", "endpoints in all", \.endpoints),
            .count("--requests", "N", "requests for each target", \.requests),
            .text("--outbox", "FILE", "the outbox, made if it is missing and kept; a temporary one otherwise", \.outbox),
            .flag("--only-fill", "make the outbox and measure nothing", \.onlyFills),
        ]
    }

    var deliveries = 1_000_000
    var endpoints = 9_999
    var requests = 200
    var outbox = ""
    var onlyFills = false

    func check() throws {
        if endpoints % LargeHierarchy.endpointsPerCompany != 0 {
            throw BenchProblem.usage("--endpoints must be a multiple of \(LargeHierarchy.endpointsPerCompany)")
        }
        if onlyFills, outbox.isEmpty { throw BenchProblem.usage("--only-fill wants --outbox") }
    }

    func run() throws -> any BenchResult {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = outbox.isEmpty ? folder.database : outbox
        let isNew = access(path, F_OK) != 0
        let outbox = try Outbox(path: path)
        let hierarchy = LargeHierarchy(endpoints: endpoints)
        if isNew {
            let filled = try Measurement.of { try hierarchy.fill(outbox, deliveries: deliveries) }
            Progress.tell("filled in \(Int(filled.wallSeconds)) s")
        }
        outbox.close()
        if onlyFills { return FigureList(title: "filled", settings: settings, figures: []) }
        return try measure(path)
    }

    /// Asks a server of its own, which knows nothing of the outbox yet.
    private func measure(_ path: String) throws -> any BenchResult {
        let outbox = try Outbox(path: path)
        defer { outbox.close() }
        let before = Self.residentMebibytes
        let start = MonotonicClock.nanoseconds()
        let server = try APIServer(outbox, listen: try ListenAddress("127.0.0.1:0"))
        defer { server.stop() }
        var figures: [Figure] = [
            .init("start_ms", "ms until the server listened, the hierarchy read", Double(MonotonicClock.nanoseconds() - start) / 1e6),
            .init("start_resident_mib", "MiB resident more than before that", Self.residentMebibytes - before),
        ]
        let connection = try KeptConnection(port: server.port)
        var slowest = 0.0
        let pages = try pages(connection)
        for (name, target) in pages.flatMap({ page in page.targets.map { ("\(page.name)_\($0.name)", $0.target) } }) {
            let start = MonotonicClock.nanoseconds()
            try connection.ask(KeptConnection.request("GET", target), expecting: 200)
            let milliseconds = Double(MonotonicClock.nanoseconds() - start) / 1e6
            slowest = max(slowest, milliseconds)
            figures.append(.init("first_\(name)_ms", "ms, the first \(target) after the start", milliseconds))
        }
        figures.append(.init("first_slowest_ms", "ms, the slowest first request after the start", slowest))
        let changes = try TopologyChangeTimes(path: path, outbox: outbox, port: server.port, endpoints: endpoints).figures()
        figures += changes.figures
        slowest = max(slowest, changes.slowest)
        let kept = try KeptConnection(port: server.port)
        for page in pages {
            var (sums, bytes) = ([Double](repeating: 0, count: requests), 0)
            for (name, target) in page.targets {
                let request = KeptConnection.request("GET", target)
                var latencies = LatencyHistogram()
                var most: Int64 = 0
                for round in 0..<requests {
                    let start = MonotonicClock.nanoseconds()
                    let answer = try kept.ask(request, expecting: 200)
                    let nanoseconds = MonotonicClock.nanoseconds() - start
                    latencies.record(nanoseconds)
                    most = max(most, nanoseconds)
                    sums[round] += Double(nanoseconds) / 1e6
                    if round == 0 { bytes += answer.count }
                }
                slowest = max(slowest, Double(most) / 1e6)
                let key = "\(page.name)_\(name)"
                figures.append(.init("\(key)_p50_ms", "ms, half of \(target)", Double(latencies.percentile(50)) / 1e6))
                figures.append(.init("\(key)_p99_ms", "ms, 99 in a hundred", Double(latencies.percentile(99)) / 1e6))
                figures.append(.init("\(key)_max_ms", "ms, the slowest", Double(most) / 1e6))
            }
            sums.sort()
            figures.append(.init("\(page.name)_p50_ms", "ms, all of \(page.title), half", sums[requests / 2]))
            figures.append(.init("\(page.name)_p99_ms", "ms, 99 in a hundred", sums[min(requests - 1, requests * 99 / 100)]))
            figures.append(.init("\(page.name)_max_ms", "ms, the slowest", sums.last ?? 0))
            figures.append(.init("\(page.name)_bytes", "bytes, heads among them", Double(bytes)))
        }
        figures.append(.init("slowest_ms", "ms, the slowest request of all", slowest))
        return FigureList(
            title: "\(requests) times what each page asks for, one request after the other over one connection, \(endpoints) endpoints",
            settings: settings,
            figures: figures
        )
    }

    private static var residentMebibytes: Double { Double(ProcessFile.number("VmRSS", in: "/proc/self/status") ?? 0) / 1024 }

    private var settings: [(name: String, value: Int)] {
        [("deliveries", deliveries), ("endpoints", endpoints), ("requests", requests)]
    }

    /// What a page asks for.
    private struct Page {
        let name: String
        let title: String
        let targets: [(name: String, target: String)]
    }

    private func pages(_ connection: KeptConnection) throws -> [Page] {
        let html = String(decoding: try connection.ask(KeptConnection.request("GET", "/"), expecting: 200), as: UTF8.self)
        let files = try Self.files(html, connection)
        let endpoint = "/v1/endpoints/e\(endpoints / 2)"
        let company = "c\(endpoints / 2 / LargeHierarchy.endpointsPerCompany)"
        return [
            Page(
                name: "files",
                title: "the page and its files",
                targets: [("page", "/")] + files.enumerated().map { ("file\($0)", $1) }
            ),
            Page(
                name: "overview",
                title: "what the first screen asks for",
                targets: [
                    ("status", "/v1/status"), ("stats", "/v1/stats?step=5m"),
                    ("off", "/v1/endpoints?state=disabled&state=unverified&limit=25"),
                    ("exhausted", "/v1/deliveries?state=exhausted&limit=50"), ("lanes", "/v1/lanes?limit=50"),
                    ("retrying", "/v1/deliveries?state=pending&attempts_min=1&order=next_attempt&limit=50"), ("endpoint", endpoint),
                ]
            ),
            Page(
                name: "deliveries",
                title: "what lists of deliveries ask for",
                targets: [
                    ("all", "/v1/deliveries?limit=50"), ("pending", "/v1/deliveries?state=pending&limit=50"),
                    ("retrying", "/v1/deliveries?state=pending&attempts_min=1&order=next_attempt&limit=50"),
                    ("held", "/v1/deliveries?state=held&limit=50"),
                    ("exhausted", "/v1/deliveries?state=exhausted&limit=50"), ("delivered", "/v1/deliveries?state=delivered&limit=50"),
                    ("never", "/v1/deliveries?state=held&state=exhausted&limit=50"), ("node", "/v1/deliveries?node=d7&limit=50"),
                ]
            ),
            Page(
                name: "endpoint",
                title: "what an endpoint's page asks for",
                targets: [
                    ("itself", endpoint), ("deliveries", "/v1/deliveries?endpoint=e\(endpoints / 2)&limit=10"),
                    ("nodes", "/v1/nodes?limit=250"), ("stats", "\(endpoint)/stats?step=5m"),
                ]
            ),
            Page(
                name: "endpoints",
                title: "what the list of endpoints asks for",
                targets: [
                    ("list", "/v1/endpoints?limit=100"), ("node", "/v1/endpoints?node=d7&limit=100"),
                    ("found", "/v1/endpoints?prefix=e\(endpoints / 2)&limit=100"), ("off", "/v1/endpoints?state=disabled&limit=100"),
                ]
            ),
            Page(
                name: "tree",
                title: "what the tree of nodes asks for",
                targets: [
                    ("first", "/v1/nodes?limit=250"), ("top", "/v1/nodes?top=true&limit=250"),
                    ("opened", "/v1/nodes?parent=d7&limit=250"), ("found", "/v1/nodes?prefix=\(company)&limit=250"),
                    ("node", "/v1/nodes/\(company)"),
                ]
            ),
        ]
    }

    /// The files that the first screen loads: those that the page names, and what those import.
    private static func files(_ html: String, _ connection: KeptConnection) throws -> [String] {
        var found: [String] = []
        var open = html.split(separator: "\"").filter { $0.contains("/assets/") }.map { String($0) }
        while let next = open.popLast() {
            if found.contains(next) { continue }
            found.append(next)
            guard next.hasSuffix(".js") else { continue }
            let text = String(decoding: try connection.ask(KeptConnection.request("GET", next), expecting: 200), as: UTF8.self)
            let folder = next.prefix(upTo: next.lastIndex(of: "/") ?? next.endIndex)
            for line in text.split(separator: "\n") where line.hasPrefix("import ") {
                let parts = line.split(separator: "'")
                if parts.count >= 2, parts[1].hasPrefix("./") { open.append("\(folder)\(parts[1].dropFirst(1))") }
            }
        }
        return found.sorted()
    }
}
