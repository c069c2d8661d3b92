import Glibc
import Posthorn
import PosthornModel

/// Where the key for sealed credentials comes from: `--key-file`, else POSTHORN_KEY, else the file that POSTHORN_KEY_FILE names.
enum KeySource {
    /// The largest file that can hold a key and some blanks.
    private static let fileLimitBytes = 4096

    /// - Returns: `nil` when none is given.
    static func key(_ arguments: ParsedArguments) throws -> OutboxKey? {
        if let file = arguments.text("key-file") { return try read(file, "--key-file") }
        if let text = environment("POSTHORN_KEY") { return try key(text, "POSTHORN_KEY") }
        if let file = environment("POSTHORN_KEY_FILE") { return try read(file, "POSTHORN_KEY_FILE") }
        return nil
    }

    /// The file that the key comes from; `nil` when none is given, or not in a file.
    static func file(_ arguments: ParsedArguments) -> String? {
        if let file = arguments.text("key-file") { return file }
        return environment("POSTHORN_KEY") == nil ? environment("POSTHORN_KEY_FILE") : nil
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The key in a file.
    static func read(_ path: String, _ source: String) throws -> OutboxKey {
        let bytes = try InputFile(path).contents(limitBytes: fileLimitBytes)
        return try key(String(decoding: bytes, as: UTF8.self), "\(source) (\(Visible.text(path)))")
    }

    /// A key that cannot be read is named by where it came from, never by what it is.
    private static func key(_ text: String, _ source: String) throws(InputProblem) -> OutboxKey {
        do throws(InputProblem) { return try OutboxKey(text: text) } catch {
            throw InputProblem(field: source, reason: error.reason)
        }
    }
}
