import Glibc
import PosthornLab
import PosthornModel
import PosthornText

/// Where the results of a load go: the standard output and files. Files are opened before the load starts, so that a wrong
/// name does not cost a run.
final class ReportFiles {
    /// Those that have a file of their own, by their flags.
    static let flags: [CommandSpecification.Flag] = [
        .init("csv", "FILE", "write how it went over time; - for standard output instead of the results"),
        .init("samples", "FILE", "write every request with its times (CSV)"),
        .init("junit", "FILE", "write the verdicts as JUnit XML: missed ones fail, those not known are skipped"),
        .init("report", "FILE", "write a page with plots (HTML, complete in itself)"),
        .init("prometheus", "FILE", "write the figures in Prometheus' text format"),
        .init("hgrm", "FILE", "write the distribution of the latency as HdrHistogram's plotter reads it"),
        .init("vegeta", "FILE", "write every request as a line of JSON that vegeta report and plot read"),
        .init("k6-summary", "FILE", "write a summary as k6 exports it"),
    ]

    private let descriptors: [String: Int32]
    private let csvIsOutput: Bool
    private let method: String

    init(_ arguments: ParsedArguments) throws {
        csvIsOutput = arguments.text("csv") == "-"
        method = arguments.text("method") ?? "POST"
        var descriptors: [String: Int32] = [:]
        do {
            for flag in Self.flags.map(\.name) where !(flag == "csv" && arguments.text("csv") == "-") {
                descriptors[flag] = try Self.open(arguments.text(flag))
            }
        } catch {
            for descriptor in descriptors.values { close(descriptor) }
            throw error
        }
        self.descriptors = descriptors
    }

    /// Throws when two of the results would end up in one place, or one in none.
    static func check(_ arguments: ParsedArguments) throws(UsageProblem) {
        let command = arguments.command
        if arguments.text("csv") == "-", arguments.has("json") {
            throw UsageProblem("--csv - and --json exclude each other on the standard output; name a file for --csv", command: command)
        }
        for flag in flags.map(\.name) where flag != "csv" && arguments.text(flag) == "-" {
            throw UsageProblem("--\(flag): the standard output has the results; name a file", command: command)
        }
        var paths: [String: String] = [:]
        for flag in flags.map(\.name) + ["ledger", "replay", "recording", "plan"] {
            guard let path = arguments.text(flag) else { continue }
            if let other = paths.updateValue(flag, forKey: path) {
                throw UsageProblem("--\(other) and --\(flag): both are \(TerminalText.text(path)); name two files", command: command)
            }
        }
    }

    private static func open(_ path: String?) throws(OutputFileProblem) -> Int32? {
        guard let path else { return nil }
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw OutputFileProblem(path, errno) }
        return descriptor
    }

    deinit { for descriptor in descriptors.values { close(descriptor) } }

    /// Writes the JUnit file, if one is wanted.
    func write(junit text: String) throws(OutputFileProblem) { try write("junit", "the JUnit file") { text } }

    private func write(_ flag: String, _ name: String, _ text: () -> String) throws(OutputFileProblem) {
        guard let descriptor = descriptors[flag] else { return }
        if let failure = Descriptor.write(Array(text().utf8), to: descriptor) { throw OutputFileProblem(name, failure) }
    }

    private func writePieces(_ flag: String, _ name: String, _ body: ((String) -> Bool) -> Void) throws(OutputFileProblem) {
        guard let descriptor = descriptors[flag] else { return }
        var failure: Int32?
        body { text in
            failure = Descriptor.write(Array(text.utf8), to: descriptor)
            return failure == nil
        }
        if let failure { throw OutputFileProblem(name, failure) }
    }

    func write(_ report: LoadReport, _ verdicts: [Expectation.Verdict], to context: Context) throws {
        try write("csv", "the CSV file") { report.csv }
        try write("report", "the report") { LoadPage(report, verdicts).html }
        try write(junit: report.junit(verdicts))
        try write("prometheus", "the Prometheus file") { report.prometheus(verdicts) }
        try write("hgrm", "the hgrm file") { report.latencies.hgrm + report.comments }
        try write("k6-summary", "the k6 summary") { report.k6Summary(verdicts) }
        try writePieces("samples", "the samples") { report.writeSamples($0) }
        try writePieces("vegeta", "the vegeta file") { report.writeVegeta(method: method, $0) }
        if csvIsOutput {
            context.output.write(report.csv)
            // The exit status says that one was not kept; the table has no place for which.
            for verdict in verdicts where !verdict.holds { ErrorOutput.lastLine("posthorn: expected \(verdict.line)") }
            return
        }
        if context.json { return context.output.write(Self.json(report, verdicts).text + "\n") }
        context.output.write(LoadText.report(report))
        if !verdicts.isEmpty { context.output.write("\n") }
        for verdict in verdicts { context.output.write("expected \(verdict.line)\n") }
        context.output.write(LoadPartsText.origin(report))
    }

    private static func json(_ report: LoadReport, _ verdicts: [Expectation.Verdict]) -> JSONValue {
        guard case .object(let members) = report.json else { return report.json }
        return .object(members + [.init("expectations", json(verdicts))])
    }

    /// The verdicts as an array.
    static func json(_ verdicts: [Expectation.Verdict]) -> JSONValue {
        .array(
            verdicts.map { verdict in
                JSONValue.object([
                    .init("expectation", .string(verdict.expectation)), .init("outcome", .string(verdict.outcome.key)),
                    .init("holds", .bool(verdict.holds)), .init("line", .string(verdict.line)),
                ])
            }
        )
    }
}

/// A file could not be written.
struct OutputFileProblem: Error, CustomStringConvertible {
    let description: String

    init(_ path: String, _ error: Int32) {
        description = "cannot write \(TerminalText.text(path)): \(String(cString: strerror(error)))"
    }
}
