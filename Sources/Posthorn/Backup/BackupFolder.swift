import Glibc
import PosthornModel
package import PosthornStore
import PosthornSystem
package import PosthornText
import Synchronization

/// A folder in which copies of an outbox are made on request, one at a time, with the moment in their names.
package final class BackupFolder: Sendable {
    /// What has become of a copy. The words are in the API.
    package enum State: String, Sendable, CaseIterable {
        case underWay = "under_way"
        case done
        case failed
    }

    /// One copy.
    package struct Copy: Sendable, Equatable {
        /// As of when it is.
        package let takenAt: Timestamp
        package var state: State
        /// The file's size; `nil` while there is none.
        package var bytes: Int64?
        /// Why it could not be made.
        package var problem: OutboxProblem.Code?

        /// Its name in the API: ``takenAt`` without colons, which not every file system takes.
        package var id: String { takenAt.description.replacing(":", with: "-") }
        /// The file's name in the folder.
        package var file: String { prefix + id + ending }
    }

    private struct Work {
        var underWay: Copy?
        /// Since the process has started, the newest last.
        var failed: [Copy] = []
        var thread: WorkerThread?
        var isClosing = false
    }

    /// Those that failed and are remembered.
    private static let failuresKept = 10
    /// A copy of which nothing was written for so long is made no more.
    private static let leftOverSeconds = 3600
    private static let prefix = "posthorn-"
    private static let ending = ".db"

    /// The folder.
    package let path: String
    private let outbox: Outbox
    private let keeping: Int?
    private let report: @Sendable (Copy, Result<BackupReport, OutboxProblem>) -> Void
    private let work = Mutex(Work())

    /// - Parameters:
    ///   - path: A folder that is there.
    ///   - keeping: How many copies are kept: older ones are deleted once a new one is made. `nil` for all.
    ///   - report: Told of each copy when it is done or has failed.
    package init(
        _ path: String,
        of outbox: Outbox,
        keeping: Int? = nil,
        report: @escaping @Sendable (Copy, Result<BackupReport, OutboxProblem>) -> Void = { _, _ in }
    ) {
        self.path = path
        self.outbox = outbox
        self.keeping = keeping
        self.report = report
    }

    /// Begins a copy on a thread of its own.
    /// - Returns: `nil` when one is under way.
    package func begin(at now: Timestamp) throws -> Copy? {
        var copy = Copy(takenAt: now, state: .underWay)
        while access("\(path)/\(copy.file)", F_OK) == 0 { copy = Copy(takenAt: copy.takenAt.advanced(byMilliseconds: 1), state: .underWay) }
        return try work.withLock { work in
            if work.underWay != nil || work.isClosing { return nil }
            // It is over but for its end: what it had to do came before it let go of `underWay`.
            work.thread.take()?.join()
            removeLeftOver()
            work.thread = try WorkerThread(name: "backup") { [self, copy] in make(copy) }
            work.underWay = copy
            return copy
        }
    }

    private func make(_ copy: Copy) {
        var ended = copy
        let result: Result<BackupReport, OutboxProblem>
        do throws(OutboxProblem) {
            let made = try Outbox.backUpNow(outbox.path, to: "\(path)/\(copy.file)", at: copy.takenAt) { [self] in
                work.withLock { $0.isClosing }
            }
            ended.state = .done
            ended.bytes = made.bytes
            result = .success(made)
            removeOldest(but: copy)
        } catch {
            ended.state = .failed
            ended.problem = error.code
            result = .failure(error)
        }
        // One that was given up because the server stops is no failure.
        if ended.state == .done || !work.withLock({ $0.isClosing }) { report(ended, result) }
        work.withLock { work in
            if ended.state == .failed { work.failed = (work.failed + [ended]).suffix(Self.failuresKept) }
            work.underWay = nil
        }
    }

    /// Copies, newest first: those in the folder, the one that is under way, and those that failed since the process has started.
    /// Of a folder that cannot be read, as where its disk is not mounted, those alone that are in memory.
    /// - Parameter limit: As many at most.
    package func copies(limit: Int) -> [Copy] {
        // Before the folder is read: what is done meanwhile is in it.
        let (underWay, failed) = work.withLock { ($0.underWay, $0.failed) }
        // One that is whole but not reported yet is under way: another cannot be begun.
        let done = ((try? written()) ?? []).filter { $0.takenAt != underWay?.takenAt }
        return Array((done + failed + [underWay].compactMap(\.self)).sorted { $0.takenAt > $1.takenAt }.prefix(limit))
    }

    /// One of them.
    package func copy(_ id: String) -> Copy? { copies(limit: .max).first { $0.id == id } }

    /// Ends what is under way, of which nothing is left then.
    package func close() {
        let thread = work.withLock { work in
            work.isClosing = true
            return work.thread.take()
        }
        thread?.join()
    }

    // MARK: Files

    /// The copies in the folder.
    private func written() throws -> [Copy] {
        var copies: [Copy] = []
        for name in try names() {
            guard var copy = Self.copy(ofFile: name) else { continue }
            var facts = stat()
            guard lstat("\(path)/\(name)", &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { continue }
            copy.bytes = Int64(facts.st_size)
            copies.append(copy)
        }
        return copies
    }

    private func names() throws -> [String] {
        guard let folder = opendir(path) else { throw SystemProblem("opendir \(path)", errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(cString: $0.bindMemory(to: CChar.self).baseAddress!) })
        }
        return names
    }

    /// The copy that a file of this name is; `nil` for another program's.
    static func copy(ofFile name: String) -> Copy? {
        guard name.hasPrefix(prefix), name.hasSuffix(ending) else { return nil }
        let id = name.dropFirst(prefix.count).dropLast(ending.count)
        guard let day = id.firstIndex(of: "T"),
            let moment = Timestamp(iso8601: "\(id[..<day])\(id[day...].replacing("-", with: ":"))")
        else { return nil }
        let copy = Copy(takenAt: moment, state: .done)
        return copy.file == name ? copy : nil
    }

    /// Deletes what is beyond those that are kept. One that cannot be deleted now is found the next time.
    /// - Parameter newest: Stays, even where others are from a clock that was ahead.
    private func removeOldest(but newest: Copy) {
        guard let keeping, let copies = try? written() else { return }
        let others = copies.filter { $0.takenAt != newest.takenAt }.sorted { $0.takenAt > $1.takenAt }
        for copy in others.dropFirst(keeping - 1) { unlink("\(path)/\(copy.file)") }
    }

    /// Deletes what processes have left that were killed while they made a copy.
    private func removeLeftOver() {
        for name in (try? names()) ?? [] {
            guard let match = name.wholeMatch(of: /(posthorn-.+\.db)\.partial-([0-9]{1,9})(-wal|-shm|-journal)?/),
                Self.copy(ofFile: String(match.1)) != nil, let process = pid_t(match.2)
            else { continue }
            // This process is making none. In another container the same number is another one's, whose file is written all the time.
            var facts = stat()
            guard lstat("\(path)/\(name)", &facts) == 0, time(nil) - facts.st_mtim.tv_sec > Self.leftOverSeconds else { continue }
            if process == getpid() || (kill(process, 0) != 0 && errno == ESRCH) { unlink("\(path)/\(name)") }
        }
    }
}
