import Glibc
import PosthornSystem

/// An answer that says it is compressed, is small on the wire, and is a thousand times larger when it is inflated.
public struct GzipBomb: Sendable {
    /// What `gzip` made of the zeros.
    public let bytes: [UInt8]

    /// Packs so many zeros.
    public init(inflatedBytes: Int) throws {
        let folder = try TemporaryDirectory()
        let file = folder.file("bomb.gz")
        let packing = try PipedProcess("sh", ["-c", "head -c \(inflatedBytes) /dev/zero | gzip -9 > \(file)"])
        guard packing.wait() == 0, let stream = fopen(file, "rb") else { throw SystemProblem("gzip", ECHILD) }
        defer { fclose(stream) }
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&part, 1, part.count, stream), count > 0 { all += part[..<count] }
        bytes = all
    }

    /// The answer.
    public func reply(_ status: Int = 200) -> Reply {
        let headers = [("content-encoding", "gzip"), ("content-length", "\(bytes.count)")]
        return Reply([.send(Array(Reply.head(status, headers).utf8) + bytes)])
    }
}
