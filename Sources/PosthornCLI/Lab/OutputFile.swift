import Glibc
import PosthornText

/// A file that results go to, opened before there are any, so that a wrong name costs nothing.
final class OutputFile {
    private let path: String
    private let descriptor: Int32

    /// - Returns: `nil` when the flag is not there.
    init?(_ arguments: ParsedArguments, _ flag: String) throws {
        guard let path = arguments.text(flag) else { return nil }
        if path == "-" { throw UsageProblem("--\(flag): the standard output has the results; name a file", command: arguments.command) }
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw OutputFileProblem(path, errno) }
    }

    deinit { close(descriptor) }

    func write(_ text: String) throws(OutputFileProblem) {
        if let failure = Descriptor.write(Array(text.utf8), to: descriptor) { throw OutputFileProblem(path, failure) }
    }
}
