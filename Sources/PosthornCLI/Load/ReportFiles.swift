import Glibc
import PosthornLab
import PosthornModel
import PosthornText

/// Where the results of a load go: the standard output and files. Files are opened before the load starts, so that a wrong
/// name does not cost a run.
final class ReportFiles {
    private let csv: Int32?
    private let page: Int32?
    private let samples: Int32?
    private let junit: Int32?
    private let csvIsOutput: Bool

    init(_ arguments: ParsedArguments) throws(OutputFileProblem) {
        csvIsOutput = arguments.text("csv") == "-"
        csv = csvIsOutput ? nil : try Self.open(arguments.text("csv"))
        page = try Self.open(arguments.text("report"))
        samples = try Self.open(arguments.text("samples"))
        junit = try Self.open(arguments.text("junit"))
    }

    /// Throws when two of the results would end up in one place, or one in none.
    static func check(_ arguments: ParsedArguments) throws(UsageProblem) {
        let command = arguments.command
        if arguments.text("csv") == "-", arguments.has("json") {
            throw UsageProblem("--csv - and --json exclude each other on the standard output; name a file for --csv", command: command)
        }
        for flag in ["report", "samples", "junit"] where arguments.text(flag) == "-" {
            throw UsageProblem("--\(flag): the standard output has the results; name a file", command: command)
        }
        var flags: [String: String] = [:]
        for flag in ["csv", "report", "samples", "junit", "ledger", "replay"] {
            guard let path = arguments.text(flag) else { continue }
            if let other = flags.updateValue(flag, forKey: path) {
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

    deinit { for descriptor in [csv, page, samples, junit] { if let descriptor { close(descriptor) } } }

    /// Writes the JUnit file, if one is wanted.
    func write(junit text: String) throws(OutputFileProblem) {
        if let junit, let failure = Descriptor.write(Array(text.utf8), to: junit) { throw OutputFileProblem("the JUnit file", failure) }
    }

    func write(_ report: LoadReport, _ verdicts: [Expectation.Verdict], to context: Context) throws {
        if let csv, let failure = Descriptor.write(Array(report.csv.utf8), to: csv) { throw OutputFileProblem("the CSV file", failure) }
        if let page, let failure = Descriptor.write(Array(LoadPage(report, verdicts).html.utf8), to: page) {
            throw OutputFileProblem("the report", failure)
        }
        try write(junit: report.junit(verdicts))
        if let samples, let failure = Self.write(report, to: samples) { throw OutputFileProblem("the samples", failure) }
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

    private static func write(_ report: LoadReport, to descriptor: Int32) -> Int32? {
        var failure: Int32?
        report.writeSamples { text in
            failure = Descriptor.write(Array(text.utf8), to: descriptor)
            return failure == nil
        }
        return failure
    }

    private static func json(_ report: LoadReport, _ verdicts: [Expectation.Verdict]) -> JSONValue {
        guard case .object(let members) = report.json else { return report.json }
        let expectations = verdicts.map { verdict in
            JSONValue.object([
                .init("expectation", .string(verdict.expectation)), .init("outcome", .string(verdict.outcome.key)),
                .init("holds", .bool(verdict.holds)), .init("line", .string(verdict.line)),
            ])
        }
        return .object(members + [.init("expectations", .array(expectations))])
    }
}

/// A file could not be written.
struct OutputFileProblem: Error, CustomStringConvertible {
    let description: String

    init(_ path: String, _ error: Int32) {
        description = "cannot write \(TerminalText.text(path)): \(String(cString: strerror(error)))"
    }
}
