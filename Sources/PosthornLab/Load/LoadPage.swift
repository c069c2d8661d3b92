import PosthornModel
import PosthornText

/// The results of a load as one page, complete in itself: no script, font or image from elsewhere. Without its own script, which sorts
/// tables, it says the same.
public struct LoadPage {
    let source: LoadReport
    private let verdicts: [Expectation.Verdict]

    /// - Parameters:
    ///   - report: The results.
    ///   - verdicts: How expectations came out.
    public init(_ report: LoadReport, _ verdicts: [Expectation.Verdict]) {
        source = report
        self.verdicts = verdicts
    }

    /// The page.
    public var html: String {
        let name = HTMLText.escaped(source.target)
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Load test of \(name)</title><style>\(Self.style)</style></head><body><main>
            <h1>Load test of \(name)</h1>
            <p>\(HTMLText.escaped(source.began.description)), \(HTMLText.escaped(model)), \(Self.duration(source.nanoseconds))\(stopped)</p>
            \(figures)
            \(source.failureOfAll == nil ? "" : "<p class=\"bad\">Nothing was answered 200.</p>")
            \(expectations)
            \(checks)
            \(ledger)
            \(plots)
            \(steps)
            \(types)
            \(tables)
            \(targets)
            \(origin)
            <p class="note">Latency is that of expected answers; a request that was never answered counts with the time it waited, at the least. It counts from the moment a request was meant to leave\(closedNote). Made by posthorn load.</p>
            </main><script>\(Self.sorting)</script></body></html>

            """
    }

    /// A single point makes no line, and no answer no latency.
    var plots: String {
        let isLong = plotted.intervals.count > 1
        let all = [
            isLong && source.latencies.count > 0 ? latencyOverTime.svg : "", source.latencies.count > 1 ? percentiles.svg : "",
            isLong ? throughput.svg : "<p>Too short for plots over time.</p>",
        ]
        return all.joined(separator: "\n")
    }

    private var stopped: String {
        if let stop = source.stop { return ", <strong>\(HTMLText.escaped(stop.line))</strong>" }
        if source.stoppedAfter == nil { return "" }
        return ", stopped early" + (source.plan.plannedNanoseconds.map { " (\(Self.duration($0)) were planned)" } ?? "")
    }

    private var closedNote: String {
        if source.plan.thinkTime != nil { return ", which is when its caller had thought" }
        if case .closed = source.plan.model { return ", which in a closed model is when its connection was free" }
        return ", so it holds the time that a stalled receiver made later requests wait"
    }

    private var model: String {
        switch source.plan.model {
        case .closed(let connections): return "closed model with \(connections) connection\(connections == 1 ? "" : "s")"
        case .open(let rates, let poisson):
            let steps = rates.steps.map { $0.words(SVGPlot.plain) }
            let shown = steps.count > 6 ? "\(steps[0]) to \(steps[steps.count - 1])" : steps.joined(separator: " / ")
            return "open model at \(shown) requests a second\(poisson ? ", poisson" : "")"
        case .replay(let moments): return "replay of \(moments.count) recorded events"
        }
    }

    private var figures: String {
        var all = [
            ("requests", Self.grouped(source.requests)), ("answered a second", Self.rounded(source.requestsPerSecond)),
            ("errors", Self.grouped(source.errors)),
        ]
        if source.latencies.count > 0 {
            for (name, percent) in [("p50", 50.0), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("max", 100)] {
                all.append((name, Self.latency(source.all, percent)))
            }
        }
        return "<dl>" + all.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }.joined() + "</dl>"
    }

    private var expectations: String {
        if verdicts.isEmpty { return "" }
        let items = verdicts.map { "<li class=\"\(Self.style(of: $0.outcome))\">\(HTMLText.escaped($0.line))</li>" }
        return "<h2>Expectations</h2><ul>\(items.joined())</ul>"
    }

    private static func style(of outcome: Expectation.Verdict.Outcome) -> String {
        switch outcome {
        case .kept: return "good"
        case .missed: return "bad"
        case .unknown: return "open"
        }
    }

    private var checks: String {
        let tests = source.kinds.filter { $0.kind != .plain }
        if tests.isEmpty { return "" }
        let rows = tests.map {
            "<tr><td>\($0.kind.name)</td><td>\(Self.grouped($0.requests))</td><td>\(Self.answers($0))</td></tr>"
        }
        let findings = source.checkFindings.map { "<li class=\"bad\">\(HTMLText.escaped($0))</li>" }
        let verdict = source.findings.isEmpty ? "<li class=\"good\">no findings</li>" : findings.joined()
        return "<h2>The receiver's own checks</h2>"
            + Self.wide(
                "The receiver's own checks",
                "<thead>\(Self.heads(["kind", "requests", "answers"]))</thead><tbody>\(rows.joined())</tbody>"
            )
            + (verdict.isEmpty ? "" : "<ul>\(verdict)</ul>")
    }

    private var ledger: String {
        guard let ledger = source.ledger else { return "" }
        let rows = ledger.counts.map { Self.fact($0.name, Self.grouped($0.count)) }
        let findings = ledger.findings.map { "<li class=\"bad\">\(HTMLText.escaped($0))</li>" }
        let verdict = findings.isEmpty ? "<li class=\"good\">every event that was answered 200 was processed once</li>" : findings.joined()
        return "<h2>The receiver's ledger</h2>\(Self.wide("The receiver's ledger", rows.joined()))<ul>\(verdict)</ul>"
    }

    var tables: String {
        var rows = [Self.fact("answers", source.statuses.isEmpty ? "none" : Self.statuses(source.statuses))]
        for (name, count) in source.errorsByClass.sorted(by: { $0.key < $1.key }) {
            let sample = source.errorTexts[name].map { ": \(HTMLText.escaped($0))" } ?? ""
            rows.append(Self.fact("error \(HTMLText.escaped(name))", "\(Self.grouped(count))\(sample)"))
        }
        rows.append(Self.fact("bytes", "\(Self.bytes(source.sentBytes)) sent, \(Self.bytes(source.receivedBytes)) received"))
        if source.connects.count > 0 {
            let connect = "\(Self.grouped(source.connects.count)) opened, p50 \(Self.duration(source.connects.percentile(50)))"
            rows.append(Self.fact("connections", "\(connect), max \(Self.duration(source.connects.maximum))"))
        }
        for one in source.leftOut { rows.append(Self.fact("address left out", HTMLText.escaped("\(one.address): \(one.reason)"))) }
        if source.handshakes.count > 0 {
            let resumed = "\(Self.grouped(UInt64(source.resumedHandshakes))) took up an earlier session"
            rows.append(Self.fact("TLS", "p50 \(Self.duration(source.handshakes.percentile(50))), \(resumed)"))
        }
        if source.all.failed.count > 0 {
            let median = "p50 \(Self.duration(source.all.failed.percentile(50)))"
            rows.append(Self.fact("failures", "\(median), max \(Self.duration(source.all.failed.maximum))"))
        }
        if source.all.unanswered.count > 0 {
            let waited = "they waited up to \(Self.duration(source.all.unanswered.maximum))"
            rows.append(Self.fact("no answer", "\(Self.grouped(source.all.unanswered.count)); \(waited)"))
        }
        if source.heldBack > 0 {
            let bound = "all \(Self.grouped(UInt64(source.plan.slots))) places on the wire were taken"
            rows.append(Self.fact("left late", "\(Self.grouped(source.heldBack)): \(bound)"))
        }
        if source.withheld > 0 { rows.append(Self.fact("not sent, Retry-After", "\(Self.grouped(source.withheld))")) }
        if source.warmUpRequests > 0 {
            rows.append(Self.fact("warm-up", "\(Self.grouped(source.warmUpRequests)) requests, not measured"))
        }
        return "<h2>Details</h2>\(Self.wide("Details of \(HTMLText.escaped(source.target))", (rows + generator).joined()))"
    }

    /// What this machine itself had to do with it: how late requests left, and what was left of its thread's time.
    private var generator: [String] {
        var rows: [String] = []
        if source.delays.count > 0 {
            let figures = [("p50", 50.0), ("p99", 99), ("max", 100)].map { "\($0.0) \(Self.duration(source.delays.percentile($0.1)))" }
            rows.append(Self.fact("start delay", figures.joined(separator: ", ")))
        }
        let time = source.generator
        let shares = "ran \(Quantity.percent(time.running)) of the time, waited \(Quantity.percent(time.waiting)) for a core"
        rows.append(Self.fact("this machine", shares + (time.isSaturated ? ": it had no time left" : "")))
        return rows
    }

    private static func statuses(_ statuses: [Int: UInt64]) -> String {
        statuses.sorted { $0.key < $1.key }.map { "\($0.key): \(grouped($0.value))" }.joined(separator: ", ")
    }

    /// The answers of one kind, with those that did not come.
    private static func answers(_ result: LoadReport.KindResult) -> String {
        let answered = result.statuses.isEmpty ? [] : [statuses(result.statuses)]
        return (answered + (result.unanswered > 0 ? ["no answer: \(grouped(result.unanswered))"] : [])).joined(separator: ", ")
    }

    private static func grouped(_ number: UInt64) -> String { LoadReport.grouped(number) }

    private static func bytes(_ count: UInt64) -> String {
        for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] as [(String, UInt64)] where count >= size {
            return "\(rounded(Double(count) / Double(size))) \(unit)"
        }
        return "\(count) bytes"
    }

    /// In the unit that reads best.
    static func duration(_ nanoseconds: Int64) -> String {
        switch nanoseconds {
        case ..<1_000_000: return rounded(Double(nanoseconds) / 1e3) + " µs"
        case ..<1_000_000_000: return rounded(Double(nanoseconds) / 1e6) + " ms"
        default: return rounded(Double(nanoseconds) / 1e9) + " s"
        }
    }

    /// Three digits that say something.
    static func rounded(_ value: Double) -> String {
        if value >= 100 { return SVGPlot.plain(value.rounded()) }
        return value >= 10 ? SVGPlot.plain((value * 10).rounded() / 10) : SVGPlot.plain((value * 100).rounded() / 100)
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1c2330;--soft:#6b7686;--grid:#dfe4ea;--paper:#fff;--a:#2f6fd6;--b:#d9822b;--c:#b3343f;--d:#8a94a3}
        @media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#98a2b1;--grid:#2d3541;--paper:#12161c;--a:#6aa3f5;--b:#eda75c;--c:#ef7680;--d:#7d8797}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:800px;margin:2rem auto;padding:0 1rem}
        h1{font-size:1.4rem;overflow-wrap:anywhere;margin-bottom:0}h2{font-size:1.05rem;margin-top:1.6rem}p,.note{color:var(--soft)}
        dl{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem}dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-size:1.25rem;font-variant-numeric:tabular-nums}
        svg{width:100%;height:auto;margin-top:1.2rem}path{fill:none;stroke-width:1.6}path.a{stroke:var(--a)}path.b{stroke:var(--b)}path.c{stroke:var(--c)}
        path.d{stroke:var(--d);stroke-dasharray:5 4}.grid{stroke:var(--grid)}text{fill:var(--ink);font:12px system-ui,sans-serif}.tick{fill:var(--soft)}
        .title{font-weight:600;font-size:13px}text.a{fill:var(--a)}text.b{fill:var(--b)}text.c{fill:var(--c)}text.d{fill:var(--d)}
        .wide{overflow-x:auto}table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.2rem 1.2rem .2rem 0;border-bottom:1px solid var(--grid)}
        td,dd,li{overflow-wrap:anywhere}td{min-width:3.5rem}tbody th{font-weight:400}th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible{outline:2px solid var(--a)}
        th[aria-sort=ascending] button::after{content:" ↑"}th[aria-sort=descending] button::after{content:" ↓"}
        .good::marker{content:"✓ "}.bad::marker{content:"✗ "}.open::marker{content:"? "}.bad{color:var(--c)}
        @media print{:root{color-scheme:light;--ink:#000;--soft:#444;--grid:#bbb;--paper:#fff;--a:#1d4f9e;--b:#8a4a00;--c:#93222d;--d:#555}
        body{max-width:none;margin:0;padding:0;font-size:10.5pt}.wide{overflow:visible}svg,tr,li,dl>div{break-inside:avoid}h2{break-after:avoid}
        table{width:100%;font-size:8.5pt}td,th{min-width:0;padding:.15rem .5rem .15rem 0;overflow-wrap:anywhere}th button::after{content:""!important}}
        """
}
