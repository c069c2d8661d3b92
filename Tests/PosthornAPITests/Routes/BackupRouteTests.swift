import Dispatch
import Glibc
import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import PosthornAPI

/// Copies of the outbox that are asked for over the API.
@Suite(.limited()) struct BackupRouteTests {
    /// What a folder has reported, and until when its report keeps the copy under way.
    private final class Desk: Sendable {
        let reported = DispatchSemaphore(value: 0)
        let goesOn = DispatchSemaphore(value: 0)
        let last = Mutex<Result<BackupReport, OutboxProblem>?>(nil)

        func folder(keeping: Int? = nil) -> (Outbox, String) -> BackupFolder {
            { outbox, path in
                BackupFolder(path, of: outbox, keeping: keeping) { [self] _, result in
                    last.withLock { $0 = result }
                    reported.signal()
                    goesOn.wait()
                }
            }
        }
    }

    private func states(_ bench: APIBench, _ key: String) -> [String] {
        bench.ask("GET", "/v1/backups", key: key).all("state")
    }

    /// Makes one to its end.
    private func make(_ bench: APIBench, _ desk: Desk, _ key: String) throws -> String {
        bench.clock.advance(by: 1000)
        let begun = bench.ask("POST", "/v1/backups", key: key)
        try #require(begun.status == 202, "\(begun.text)")
        desk.reported.wait()
        desk.goesOn.signal()
        let id = try #require(begun.json["id"]?.string)
        while bench.ask("GET", "/v1/backups/\(id)", key: key).json["state"] == .string("under_way") {}
        return id
    }

    @Test func aCopyIsMadeInTheFolderAndCanBeOpened() throws {
        let desk = Desk()
        let bench = try APIBench(backups: desk.folder())
        let admin = try bench.key(nil, .admin)
        try bench.emit("e1")
        let begun = bench.ask("POST", "/v1/backups", key: admin)
        let id = try #require(begun.json["id"]?.string)
        #expect(begun.status == 202 && begun.headers["Location"] == "/v1/backups/\(id)")
        #expect(begun.json["state"] == .string("under_way") && begun.json["file"] == .null)
        desk.reported.wait()
        // It is not over before it has been reported, and there is one at a time.
        let second = bench.ask("POST", "/v1/backups", key: admin)
        #expect(second.status == 409 && second.text.contains("a copy is under way"))
        desk.goesOn.signal()
        let path = try #require(begun.headers["Location"])
        while bench.ask("GET", path, key: admin).json["state"] != .string("done") {}
        let file = try #require(bench.ask("GET", path, key: admin).json["file"]?.string)
        let copy = try Outbox(path: bench.directory.file(file), creating: false)
        defer { copy.close() }
        #expect(try copy.status().events == 1)
        #expect(bench.ask("GET", "/v1/status", key: admin).json["last_backup"]?["events"] == .number("1"))
        let changes = bench.ask("GET", "/v1/changes", key: admin)
        #expect(changes.all("action") == ["backup"] && changes.all("subject") == [id])
    }

    @Test func onlyThoseOfTheWholeOutboxMayAskForOneAndSeeThem() throws {
        let desk = Desk()
        let bench = try APIBench(backups: desk.folder())
        for key in [try bench.key("r1", .read, .retry, .endpoints, .keys), try bench.key(nil, .read, .retry, .endpoints, .secrets, .keys)] {
            for (method, path) in [("POST", "/v1/backups"), ("GET", "/v1/backups"), ("GET", "/v1/backups/x")] {
                #expect(bench.ask(method, path, key: key).status == 403)
            }
        }
        let admin = try bench.key(nil, .admin)
        #expect(bench.ask("GET", "/v1/backups/2026-07-15T12-33-14.000Z", key: admin).status == 404)
    }

    @Test func aServerWithoutAFolderSaysWhatItTakes() throws {
        let bench = try APIBench()
        let admin = try bench.key(nil, .admin)
        #expect(states(bench, admin).isEmpty)
        let refused = bench.ask("POST", "/v1/backups", key: admin)
        #expect(refused.status == 409 && refused.text.contains("--backup-folder"))
    }

    @Test func olderOnesGoAndWhatIsNobodysStays() throws {
        let desk = Desk()
        let bench = try APIBench(backups: desk.folder(keeping: 2))
        let admin = try bench.key(nil, .admin)
        let others = [
            "posthorn-x.db", "posthorn-2020-07-15T12-33-14.db", "posthorn-2020-07-15T12-33-14.000Z.db.partial-1",
            "2020-07-15T12-33-14.000Z.db", "posthorn-2020-07-15T12-33-14.000Z.db",
        ]
        for name in others { #expect(mkdir(bench.directory.file(name), 0o700) == 0) }
        var made: [String] = []
        for _ in 0..<4 { made.append(try make(bench, desk, admin)) }
        #expect(Set(made).count == 4)
        #expect(bench.ask("GET", "/v1/backups", key: admin).all("id") == made.suffix(2).reversed())
        let left = try #require(FolderListing.names(in: bench.directory.path))
        #expect(Set(others).isSubset(of: left))
    }

    @Test func oneThatFailsSaysWhyAndLeavesNothing() throws {
        let desk = Desk()
        let bench = try APIBench(backups: { outbox, path in desk.folder()(outbox, path + "/gone") })
        let admin = try bench.key(nil, .admin)
        // The folder is not there yet, as where a disk has been mounted too late.
        let begun = bench.ask("POST", "/v1/backups", key: admin)
        #expect(begun.status == 202)
        desk.reported.wait()
        desk.goesOn.signal()
        guard case .failure(let problem)? = desk.last.withLock({ $0 }) else { throw Unexpected() }
        #expect(mkdir(bench.directory.file("gone"), 0o700) == 0)
        while states(bench, admin) == ["under_way"] {}
        let shown = bench.ask("GET", "/v1/backups", key: admin).data[0]
        #expect(shown["problem"] == .string(problem.code.rawValue) && shown["file"] == .null && shown["bytes"] == .null)
        #expect(shown["state"] == .string("failed"))
        _ = try make(bench, desk, admin)
        #expect(states(bench, admin) == ["done", "failed"])
    }

    private struct Unexpected: Error {}
}
