import PosthornText
import PosthornModel
import PosthornText

extension LoadPage {
    /// A table of the rate's steps, where there are several.
    var steps: String {
        if source.steps.isEmpty { return "" }
        let rows = source.steps.map { step in
            let rates = [step.plannedPerSecond ?? 0, step.answersPerSecond].map { Self.cell(Self.rounded($0), of: $0) }
            return "<tr>\(Self.head(step.name))\(rates.joined())\(Self.cells(step.measurements))</tr>"
        }
        return Self.table("Steps", ["step", "planned a second", "answered a second"], rows)
    }

    /// A table of the receivers, and plots of each, where there are several.
    var targets: String {
        if source.targets.isEmpty { return "" }
        let rows = source.targets.map { report in
            let rates = [report.scheduledPerSecond, report.requestsPerSecond].map { rate in
                Self.cell(rate.map(Self.rounded) ?? "–", of: rate ?? 0)
            }
            return "<tr>\(Self.head(HTMLText.escaped(report.target)))\(rates.joined())\(Self.cells(report.all))</tr>"
        }
        let apart = source.targets.map { report in
            let page = LoadPage(report, [])
            let bad = report.failureOfAll == nil ? "" : "<p class=\"bad\">Nothing was answered 200.</p>"
            return "<h2>\(HTMLText.escaped(report.target))</h2>\(bad)\(page.plots)\(page.tables)"
        }
        return Self.table("URLs", ["URL", "scheduled a second", "answered a second"], rows) + apart.joined(separator: "\n")
    }

    /// A table of the types of events, where there are several.
    var types: String {
        let sent = source.types.filter { $0.measurements.due > 0 }
        if sent.count < 2 { return "" }
        let rows = sent.map { "<tr>\(Self.head(HTMLText.escaped($0.name)))\(Self.cells($0.measurements))</tr>" }
        return Self.table("Types of events", ["type"], rows)
    }

    /// What is needed to run it again.
    var origin: String {
        guard let origin = source.origin else { return "" }
        let rows = origin.parts.map { Self.fact($0.name, HTMLText.escaped($0.text)) }
        return "<h2>To run it again</h2>\(Self.wide("To run it again", rows.joined()))"
    }

    private static func table(_ title: String, _ columns: [String], _ rows: [String]) -> String {
        let titles = heads(columns + ["requests", "p50", "p99", "max", "no answer", "errors"])
        return "<h2>\(title)</h2>" + wide(title, "<thead>\(titles)</thead><tbody>\(rows.joined())</tbody>", isSorted: true)
    }

    /// A table that scrolls by itself where the page is narrow.
    static func wide(_ title: String, _ rows: String, isSorted: Bool = false) -> String {
        "<div class=\"wide\" role=\"region\" aria-label=\"\(title)\" tabindex=\"0\"><table\(isSorted ? " class=\"sort\"" : "")>\(rows)</table></div>"
    }

    static func heads(_ titles: [String]) -> String { "<tr>\(titles.map { "<th scope=\"col\">\($0)</th>" }.joined())</tr>" }

    static func head(_ text: String) -> String { "<th scope=\"row\">\(text)</th>" }

    static func fact(_ name: String, _ text: String) -> String { "<tr>\(head(name))<td>\(text)</td></tr>" }

    /// A cell with the number that its column is sorted by.
    private static func cell(_ text: String, of value: Double) -> String { "<td data-value=\"\(value)\">\(text)</td>" }

    private static func cells(_ measured: LoadMeasurements) -> String {
        let latencies = [50, 99, 100].map { percent -> String in
            let isKnown = measured.latencies.count > 0
            return cell(isKnown ? latency(measured, percent) : "–", of: isKnown ? Double(measured.latency(percent).nanoseconds) : -1)
        }
        func count(_ number: UInt64) -> String { cell(LoadReport.grouped(number), of: Double(number)) }
        return count(measured.requests) + latencies.joined() + count(measured.unanswered.count) + count(measured.errors)
    }

    /// Makes the heads of tables buttons that sort: largest first, then the other way round.
    static let sorting = """
        for(const table of document.querySelectorAll('table.sort'))table.querySelectorAll('thead th').forEach((head,column)=>{
        const button=document.createElement('button');button.type='button';button.textContent=head.textContent;head.replaceChildren(button);
        button.onclick=()=>{const down=head.getAttribute('aria-sort')!=='descending';
        for(const other of table.querySelectorAll('thead th'))other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort',down?'descending':'ascending');
        const key=row=>{const cell=row.cells[column];return cell.dataset.value===undefined?cell.textContent:Number(cell.dataset.value)};
        const order=(a,b)=>typeof a==='number'&&typeof b==='number'?a-b:String(a).localeCompare(String(b),undefined,{numeric:true});
        table.tBodies[0].append(...[...table.tBodies[0].rows].sort((a,b)=>order(key(a),key(b))*(down?-1:1)))}})
        """

    /// A percentile; that of a request without an answer is at least the time that it has waited.
    static func latency(_ measured: LoadMeasurements, _ percent: Double) -> String {
        let (nanoseconds, isExact) = measured.latency(percent)
        return (isExact ? "" : "≥ ") + duration(nanoseconds)
    }
}
