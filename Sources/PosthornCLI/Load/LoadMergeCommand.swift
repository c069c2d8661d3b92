import PosthornLab
import PosthornModel
import PosthornText

/// `posthorn load merge REPORT…`
enum LoadMergeCommand: Command {
    static let specification = CommandSpecification(
        name: "load merge",
        summary: "make one result of the parts that several machines have sent",
        positionals: [.init(name: "REPORT", count: .many, summary: "what load --part K/N --json wrote, each part once")],
        flags: [
            .init(
                "expect",
                "BOUND",
                isRepeatable: true,
                "end with 1 if it is missed, 3 if not known, judged of all parts together (repeatable)"
            ),
            .init("hgrm", "FILE", "write the distribution of the latency as HdrHistogram's plotter reads it"),
        ],
        usesOutbox: false,
        details: [
            "Each machine sends its part of one load: posthorn load URL --rate 1000 --seed 5 --part 1/4 --json > 1.json, with the same seed and"
                + "\nflags on each. Histograms are added, so that percentiles are those of all requests, and bounds are judged once.",
            "A part that is missing, is there twice or was stopped early is refused, and so is one of another load: with another version,"
                + "\nformat or flag. Its number, its outputs and bounds, --ca-file and --i-own-this-host may be its machine's own.",
            "With --json: one object with parts, duration_s, requests, requests_per_second, latency_ms, unanswered, unsent, withheld, errors,"
                + "\nerrors_by_kind, statuses, run and expectations.",
        ],
        examples: ["posthorn load merge 1.json 2.json 3.json 4.json --expect 'p99<200ms'"]
    )

    private static let fileLimitBytes = 64 << 20

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let expectations = try LoadFlags.expectations(arguments, context.command)
        if let one = expectations.first(where: { $0.scope != .all || $0.needsLedger || $0.measure == .findings }) {
            throw UsageProblem("--expect \(one.text): take a bound on latency, errors or rate of all requests", command: context.command)
        }
        if arguments.positionals.isEmpty { throw UsageProblem("REPORT is missing: name the report of each part", command: context.command) }
        let reports = try arguments.positionals.map { path -> (name: String, json: JSONValue) in
            let file = try InputFile(path)
            let bytes = try file.contents(limitBytes: fileLimitBytes)
            do throws(JSONProblem) { return (file.name, try JSONValue.parse(bytes)) } catch {
                throw InputFileContentProblem(name: file.name, problem: InputProblem(field: "report", reason: "is \(error)"))
            }
        }
        let hgrm = try OutputFile(arguments, "hgrm")
        let merged = try MergedLoad(reports)
        let verdicts = merged.verdicts(expectations)
        try hgrm?.write(merged.measurements.latencies.hgrm)
        if context.json {
            guard case .object(let members) = merged.json else { return 1 }
            context.output.write(JSONValue.object(members + [.init("expectations", ReportFiles.json(verdicts))]).text + "\n")
        } else {
            context.output.write(text(merged))
            for verdict in verdicts { context.output.write("expected \(verdict.line)\n") }
        }
        return LoadCommand.status(of: verdicts)
    }

    private static func text(_ merged: MergedLoad) -> String {
        let measured = merged.measurements
        var text = "\(HumanText.count(merged.parts, "part")): \(HumanText.grouped(measured.requests)) requests, "
        text += "\(HumanText.oneDecimal(merged.answersPerSecond)) answers a second\n"
        if measured.latencies.count > 0 {
            let figures = [50, 90, 99, 99.9, 100].map { percent in
                "\(percent == 100 ? "max" : "p\(percent == percent.rounded() ? String(Int(percent)) : String(percent))") "
                    + LoadPartsText.latency(measured, percent)
            }
            text += "latency: \(figures.joined(separator: ", "))\n"
        }
        return text + "errors: \(HumanText.grouped(measured.errors)), unanswered: \(HumanText.grouped(measured.unanswered.count))\n"
    }
}
