import Glibc
import PosthornSystem

extension TemporaryFolder {
    /// The outbox of a run.
    var database: String { "\(path)/bench.db" }

    /// What the outbox takes on disk, with its log.
    var databaseBytes: Int { Self.size(database) + Self.size(database + "-wal") }

    private static func size(_ path: String) -> Int {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
    }
}
