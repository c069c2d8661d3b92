import Glibc
import PosthornSystem

/// A directory of its own for a test, removed with all that is in it when the value goes away.
public final class TemporaryDirectory: Sendable {
    /// Where it is.
    public let path: String

    /// Makes it under `TMPDIR`, or `/tmp`.
    public init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/posthorn-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemProblem("mkdtemp \(parent)", errno) }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { Self.removeTree(path) }

    /// The path of a file in it.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    private static func removeTree(_ path: String) {
        // `unlink` first, so that a symbolic link to a directory is removed and not followed.
        if unlink(path) == 0 { return }
        for name in entries(of: path) { removeTree("\(path)/\(name)") }
        rmdir(path)
    }

    static func entries(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
