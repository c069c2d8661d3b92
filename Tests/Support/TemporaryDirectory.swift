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
        for name in FolderListing.names(in: path) ?? [] { removeTree("\(path)/\(name)") }
        rmdir(path)
    }
}
