import Glibc
import PosthornModel
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

@testable import PosthornSQLite
import PosthornStore

@Suite(.limited()) struct OwnerLockTests {
    private let folder: TemporaryDirectory
    private var path: String { folder.file("outbox.db") }

    init() throws { folder = try TemporaryDirectory() }

    /// `status` may look at any moment, also at that in which an engine starts.
    @Test func whoLooksForTheOwnerNeverStandsInItsWay() throws {
        let path = path
        let lock = OwnerLock(databasePath: path)
        #expect(OwnerSight(databasePath: path).process == nil)
        let isOver = Mutex(false)
        let watcher = try WorkerThread(name: "status") {
            while !isOver.withLock({ $0 }) { _ = OwnerSight(databasePath: path) }
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
        #expect(OwnerSight(databasePath: path).process == getpid())
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

    @Test func foreignFileInTheLockFilesPlaceIsNamed() throws {
        #expect(mkdir(path + "-engine", 0o700) == 0)
        let problem = try #require(failure(of: OwnerLock(databasePath: path)))
        #expect(problem.code == .access)
        #expect(problem.message.contains("\(path)-engine: Is a directory; remove what has this name"), "\(problem.message)")
    }

    @Test func aFolderThatIsMissingIsNamed() throws {
        let problem = try #require(failure(of: OwnerLock(databasePath: folder.file("nowhere/outbox.db"))))
        #expect(problem.message.hasSuffix("No such file or directory; make its folder"), "\(problem.message)")
    }

    private func makeDatabase(mode: mode_t = 0o600) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode)
        fchmod(descriptor, mode)
        close(descriptor)
    }

    @Test func theLockOutlivesItsFile() throws {
        makeDatabase()
        let first = OwnerLock(databasePath: path)
        #expect(try first.take())
        #expect(unlink(first.path) == 0)
        let second = OwnerLock(databasePath: path)
        #expect(try !second.take())
        #expect(OwnerSight(databasePath: path).process == nil)
        #expect(OwnerSight(databasePath: path).trouble?.contains("was removed or replaced") == true)
        first.release()
        #expect(try second.take())
        #expect(OwnerSight(databasePath: path) == OwnerSight(process: getpid(), trouble: nil))
    }

    @Test func whoOwnsAFileThatHadTheNameIsNamed() throws {
        makeDatabase()
        let lock = OwnerLock(databasePath: path)
        #expect(try lock.take())
        #expect(rename(path, path + "-old") == 0)
        makeDatabase()
        let seen = OwnerSight(databasePath: path)
        #expect(seen.process == getpid())
        #expect(seen.trouble?.contains("delivers from another file that had this name") == true)
        // The name is still taken, whatever file it leads to.
        #expect(try !OwnerLock(databasePath: path).take())
    }

    /// Any user who may read a file can take a shared lock on it, with which nobody gets the exclusive one.
    @Test func aSharedLockOfAStrangerKeepsNobodyFromTheOutbox() throws {
        makeDatabase(mode: 0o640)
        let descriptor = open(path + "-engine", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        fchmod(descriptor, 0o644)
        defer { close(descriptor) }
        var whole = flock(l_type: Int16(F_RDLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        #expect(fcntl(descriptor, 37 /* F_OFD_SETLK */, &whole) == 0)
        let lock = OwnerLock(databasePath: path)
        #expect(try lock.take())
        var facts = stat()
        #expect(stat(lock.path, &facts) == 0)
        #expect(facts.st_mode & 0o777 == 0o640)
    }

    @Test func aLockFileFromBeforeGetsTheOutboxsMode() throws {
        makeDatabase()
        let descriptor = open(path + "-engine", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        fchmod(descriptor, 0o644)
        close(descriptor)
        let lock = OwnerLock(databasePath: path)
        #expect(try lock.take())
        var facts = stat()
        #expect(stat(lock.path, &facts) == 0)
        #expect(facts.st_mode & 0o777 == 0o600)
    }

    @Test func twoLocksOfOneProcessExcludeEachOtherUnderAnyName() throws {
        makeDatabase()
        #expect(symlink(path, folder.file("alias.db")) == 0)
        #expect(link(path, folder.file("second.db")) == 0)
        let lock = OwnerLock(databasePath: path)
        #expect(try lock.take())
        #expect(try !lock.take())
        #expect(try !OwnerLock(databasePath: folder.file("alias.db")).take())
        #expect(try !OwnerLock(databasePath: folder.file("second.db")).take())
        lock.release()
        #expect(try OwnerLock(databasePath: folder.file("second.db")).take())
    }
}
