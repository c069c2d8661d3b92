import Glibc
import PosthornBenchReports

/// A folder that goes away with the run: in `$TMPDIR`, which so chooses the disk, or else in `/tmp`.
struct TemporaryFolder {
    let path: String

    init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        var template = Array("\(parent.isEmpty ? "/tmp" : parent)/posthorn-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchProblem("mkdtemp: \(String(cString: strerror(errno)))") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The outbox of a run.
    var database: String { "\(path)/bench.db" }

    /// What the outbox takes on disk, with its log.
    var databaseBytes: Int { Self.size(database) + Self.size(database + "-wal") }

    func remove() {
        for suffix in ["", "-wal", "-shm", "-engine"] { unlink(database + suffix) }
        rmdir(path)
    }

    /// Removes whatever another program has left in it, empty folders included.
    func removeAll() {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name == "." || name == ".." { continue }
                if unlink("\(path)/\(name)") != 0 { rmdir("\(path)/\(name)") }
            }
            closedir(folder)
        }
        rmdir(path)
    }

    private static func size(_ path: String) -> Int {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
    }
}
