import Glibc
import PosthornLab
import PosthornModel

/// Where the results of a load go: the standard output and files. Files are opened before the load starts, so that a wrong
/// name does not cost a run.
final class ReportFiles {
    private let csv: Int32?
    private let page: Int32?
    private let samples: Int32?
    private let csvIsOutput: Bool

    init(_ arguments: ParsedArguments) throws(OutputFileProblem) {
        csvIsOutput = arguments.text("csv") == "-"
        csv = csvIsOutput ? nil : try Self.open(arguments.text("csv"))
        page = try Self.open(arguments.text("report"))
        samples = try Self.open(arguments.text("samples"))
    }

    private static func open(_ path: String?) throws(OutputFileProblem) -> Int32? {
        guard let path else { return nil }
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw OutputFileProblem(path, errno) }
        return descriptor
    }

    deinit { for descriptor in [csv, page, samples] { if let descriptor { close(descriptor) } } }

    func write(_ report: LoadReport, _ verdicts: [Expectation.Verdict], to context: Context) throws {
        if let csv, let failure = Descriptor.write(Array(report.csv.utf8), to: csv) { throw OutputFileProblem("the CSV file", failure) }
        if let page, let failure = Descriptor.write(Array(LoadPage(report, verdicts).html.utf8), to: page) {
            throw OutputFileProblem("the report", failure)
        }
        if let samples, let failure = Self.write(report.samples, to: samples) { throw OutputFileProblem("the samples", failure) }
        if csvIsOutput { return context.output.write(report.csv) }
        if context.json { return context.output.write(Self.json(report, verdicts).text + "\n") }
        context.output.write(LoadText.report(report))
        if !verdicts.isEmpty { context.output.write("\n") }
        for verdict in verdicts { context.output.write("expected \(verdict.line)\n") }
    }

    private static func write(_ samples: [LoadSample], to descriptor: Int32) -> Int32? {
        var text = LoadSample.csvTitles
        for (i, sample) in samples.enumerated() {
            text += sample.csvLine
            guard i == samples.count - 1 || text.utf8.count > 1 << 20 else { continue }
            if let failure = Descriptor.write(Array(text.utf8), to: descriptor) { return failure }
            text = ""
        }
        return samples.isEmpty ? Descriptor.write(Array(text.utf8), to: descriptor) : nil
    }

    private static func json(_ report: LoadReport, _ verdicts: [Expectation.Verdict]) -> JSONValue {
        guard case .object(let members) = report.json else { return report.json }
        let expectations = verdicts.map { verdict in
            JSONValue.object([.init("holds", .bool(verdict.holds)), .init("line", .string(verdict.line))])
        }
        return .object(members + [.init("expectations", .array(expectations))])
    }
}

/// A file could not be written.
struct OutputFileProblem: Error, CustomStringConvertible {
    let description: String

    init(_ path: String, _ error: Int32) {
        description = "cannot write \(Visible.text(path)): \(String(cString: strerror(error)))"
    }
}
