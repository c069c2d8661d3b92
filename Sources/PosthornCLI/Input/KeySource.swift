import Posthorn
import PosthornModel
import PosthornText

/// Where the key for sealed credentials comes from: `--key-file`, else POSTHORN_KEY, else the file that POSTHORN_KEY_FILE or the
/// settings file names.
enum KeySource {
    /// The largest file that can hold a key and some blanks.
    private static let fileLimitBytes = 4096

    /// - Returns: `nil` when none is given.
    static func key(_ arguments: ParsedArguments) throws -> OutboxKey? {
        if let file = arguments.text("key-file") { return try read(file, arguments.label("key-file")) }
        return try ParsedArguments.environment("POSTHORN_KEY").map { try key($0, "POSTHORN_KEY") }
    }

    /// The file that the key comes from; `nil` when none is given, or not in a file.
    static func file(_ arguments: ParsedArguments) -> String? { arguments.text("key-file") }

    /// The key in a file.
    static func read(_ path: String, _ source: String) throws -> OutboxKey {
        let bytes = try InputFile(path).contents(limitBytes: fileLimitBytes)
        if let kind = ForeignText.kind(of: bytes) {
            throw InputProblem(field: "\(source) (\(TerminalText.text(path)))", reason: "\(kind); the file holds the key alone")
        }
        return try key(String(decoding: bytes, as: UTF8.self), "\(source) (\(TerminalText.text(path)))")
    }

    /// A key that cannot be read is named by where it came from, never by what it is.
    private static func key(_ text: String, _ source: String) throws(InputProblem) -> OutboxKey {
        do throws(InputProblem) { return try OutboxKey(text: text) } catch {
            throw error.at(source)
        }
    }
}
