import Glibc
import PosthornModel
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

@testable import PosthornOutbox

@Suite struct OwnerLockTests {
    private let folder: TemporaryDirectory
    private var path: String { folder.file("outbox.db") }

    init() throws { folder = try TemporaryDirectory() }

    /// `status` may look at any moment, also at that in which an engine starts.
    @Test func whoLooksForTheOwnerNeverStandsInItsWay() throws {
        let path = path
        let lock = OwnerLock(databasePath: path)
        #expect(OwnerLock.holder(databasePath: path) == nil)
        let isOver = Mutex(false)
        let watcher = try WorkerThread(name: "status") {
            while !isOver.withLock({ $0 }) { _ = OwnerLock.holder(databasePath: path) }
        }
        var refusals = 0
        for _ in 0..<5000 {
            if try !lock.take() { refusals += 1 }
            lock.release()
        }
        isOver.withLock { $0 = true }
        watcher.join()
        #expect(refusals == 0)
        #expect(try lock.take())
        #expect(OwnerLock.holder(databasePath: path) == getpid())
    }

    private func failure(of lock: OwnerLock) -> OutboxProblem? {
        do throws(OutboxProblem) {
            _ = try lock.take()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [EAGAIN, EACCES])
    func onlyTheKernelsRefusalMeansThatAnotherEngineHasIt(code: Int32) throws {
        let lock = OwnerLock(databasePath: path) { _ in code }
        #expect(try !lock.take())
        #expect(!lock.isHeld)
    }

    @Test func aSignalIsNoAnswer() throws {
        let answers = Mutex([EINTR, EINTR, 0])
        let lock = OwnerLock(databasePath: path) { _ in answers.withLock { $0.removeFirst() } }
        #expect(try lock.take())
        #expect(answers.withLock { $0.isEmpty })
    }

    @Test(arguments: [ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL, ESTALE])
    func aFileSystemThatDoesNotLockIsNamedWithTheRemedy(code: Int32) throws {
        let problem = try #require(failure(of: OwnerLock(databasePath: path) { _ in code }))
        #expect(problem.code == .access)
        #expect(!problem.mayPass)
        for part in ["\(path)-engine", String(cString: strerror(code)), "local disk", "network file systems"] {
            #expect(problem.message.contains(part), "\(problem.message)")
        }
        #expect(!problem.message.contains("\n"))
    }

    /// An engine that stands by goes on trying, as after every other failure of the disk.
    @Test func aDiskThatFailsMayComeBack() throws {
        let answers = Mutex([EIO, 0])
        let lock = OwnerLock(databasePath: path) { _ in answers.withLock { $0.removeFirst() } }
        let problem = try #require(failure(of: lock))
        #expect(problem.code == .io && problem.mayPass)
        #expect(try lock.take())
    }

    @Test func whatStandsInTheLockFilesPlaceIsNamed() throws {
        #expect(mkdir(path + "-engine", 0o700) == 0)
        let problem = try #require(failure(of: OwnerLock(databasePath: path)))
        #expect(problem.code == .access)
        #expect(problem.message.contains("\(path)-engine: Is a directory; take away"), "\(problem.message)")
    }

    @Test func aFolderThatIsMissingIsNamed() throws {
        let problem = try #require(failure(of: OwnerLock(databasePath: folder.file("nowhere/outbox.db"))))
        #expect(problem.message.hasSuffix("No such file or directory; make its folder"), "\(problem.message)")
    }
}
