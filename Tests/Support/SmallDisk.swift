import Glibc
import PosthornSystem

/// A file system of its own of a few megabytes, in memory, which can be filled up or made read-only. Only root can have one.
public final class SmallDisk: Sendable {
    /// Where it is mounted.
    public var path: String { folder.path }
    private let folder: TemporaryDirectory

    /// Whether this process may mount file systems; tests that need one are skipped where not.
    public static let isAvailable: Bool = (try? SmallDisk(bytes: 1 << 20)) != nil

    /// Makes it.
    public init(bytes: Int) throws {
        folder = try TemporaryDirectory()
        if mount("posthorn-test", folder.path, "tmpfs", UInt(MS_NOSUID), "size=\(bytes)") != 0 {
            throw SystemProblem("mount", errno)
        }
    }

    deinit { umount2(folder.path, Int32(MNT_DETACH)) }

    /// The path of a file on it.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Fills it to the last byte.
    public func fill() {
        let filler = open(file("filler"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(filler) }
        for size in [65_536, 4096, 1] {
            let bytes = [UInt8](repeating: 0, count: size)
            while write(filler, bytes, size) == size {}
        }
    }

    /// Gives the space back.
    public func empty() { unlink(file("filler")) }

    /// From now on nothing can be written.
    public func makeReadOnly() throws {
        if mount("posthorn-test", path, "tmpfs", UInt(MS_REMOUNT) | UInt(MS_RDONLY), nil) != 0 { throw SystemProblem("remount", errno) }
    }
}
