import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

/// Carries out the replays of an outbox, a step at a time: looks beside the writer, and makes due what was found in one transaction with
/// the progress. Used by one thread at a time.
final class ReplayWorker {
    private let outbox: Outbox
    private let nanoseconds: () -> Int64
    /// What is kept in memory of each replay: after a restart it begins again, and costs a pause at most.
    private var courses: [Int64: Course] = [:]

    private struct Course {
        var pace: ReplayPace
        var window = ReplayWindow()
    }

    /// How often is looked for new replays.
    static let idleMilliseconds: Int64 = 1000
    /// How long to wait for room.
    private static let roomMilliseconds: Int64 = 50
    /// Deliveries that one transaction makes due, so that others wait for a moment only.
    private static let stepLimit = 200

    /// - Parameter nanoseconds: A clock that goes forward only.
    init(_ outbox: Outbox, nanoseconds: @escaping () -> Int64 = { MonotonicClock.nanoseconds() }) {
        self.outbox = outbox
        self.nanoseconds = nanoseconds
    }

    /// What a step came to.
    struct Step: Equatable {
        /// Whether a replay goes on.
        let isUnderWay: Bool
        /// How long there is nothing to do.
        let pauseMilliseconds: Int64
    }

    /// Takes each replay a step further.
    func step() throws -> Step {
        let running = try outbox.read { try $0.runningReplays() }
        let numbers = Set(running.map(\.number))
        courses = courses.filter { numbers.contains($0.key) }
        if running.isEmpty { return Step(isUnderWay: false, pauseMilliseconds: Self.idleMilliseconds) }
        var pause = Self.idleMilliseconds
        for replay in running { pause = min(pause, try advance(replay)) }
        return Step(isUnderWay: true, pauseMilliseconds: pause)
    }

    /// Takes a replay a step further.
    /// - Returns: How long it has nothing to do.
    private func advance(_ replay: Replay) throws -> Int64 {
        let now = nanoseconds()
        var course = courses[replay.number] ?? Course(pace: ReplayPace(ratePerSecond: replay.ratePerSecond, at: now))
        defer { courses[replay.number] = course }
        let waiting = try stillWaiting(course.window.deliveries)
        course.window.settle(waiting: waiting, at: now)
        let allowance = course.pace.allowance(at: now)
        let room = min(allowance, course.window.room, Self.stepLimit)
        if room == 0 { return allowance == 0 ? max(1, course.pace.millisecondsToNext) : Self.roomMilliseconds }
        let batch = try outbox.read { reader in
            try ReplaySearch(replay: replay, view: try outbox.topologies.view(reader), reader: reader).next(room: room)
        }
        guard let moved = try commit(batch, of: replay) else { return 0 }
        course.pace.took(moved.count)
        // What was taken back waits for nobody.
        if replay.action != .cancel { course.window.add(moved, at: now) }
        return 0
    }

    /// Those of some deliveries that no engine has tried since they were made due.
    private func stillWaiting(_ deliveries: [Int64]) throws -> Set<Int64> {
        if deliveries.isEmpty { return [] }
        let now = outbox.clock.now()
        return try outbox.read { reader in
            var waiting: Set<Int64> = []
            for delivery in deliveries {
                guard let row = try reader.visibleDelivery(delivery)?.delivery, row.state == .pending else { continue }
                // After an attempt that failed it waits for a time that lies ahead.
                if row.nextAttemptAt.map({ $0 <= now }) ?? false { waiting.insert(delivery) }
            }
            return waiting
        }
    }

    /// Does it to what was found, and writes down how far the replay is.
    /// - Returns: The deliveries to which it was done; `nil` when the replay is over or was taken further meanwhile, or the hierarchy was
    ///   changed and the same rows are looked at again.
    private func commit(_ batch: ReplayBatch, of looked: Replay) throws -> [Int64]? {
        try outbox.writer.perform { [outbox] (store) throws(OutboxProblem) -> [Int64]? in
            guard var replay = try store.replay(looked.number), replay.state == .running, replay.position == looked.position else {
                return nil
            }
            if !batch.additions.isEmpty, try store.topologyGeneration() != batch.generation { return nil }
            let now = outbox.clock.now()
            let ids = batch.deliveries.map(\.delivery)
            let left = try Self.perform(replay.action, on: ids, store, at: now)
            var moved = ids.filter { !left.contains($0) }
            for addition in batch.additions {
                moved += try store.addDeliveries(ofEvent: addition.event, to: addition.recipients, at: now)
            }
            replay.position = batch.position
            replay.done += moved.count
            replay.refused += batch.refused.count + left.count
            if batch.isAtEnd { (replay.state, replay.finished) = (.done, now) }
            try store.update(replay)
            if batch.isAtEnd { try outbox.tellFinished(replay, store, at: now) }
            return moved
        }
    }

    /// - Returns: Those to which it could not be done.
    private static func perform(
        _ action: Replay.Action,
        on ids: [Int64],
        _ store: any OutboxStore,
        at now: Timestamp
    ) throws(OutboxProblem) -> Set<Int64> {
        let report: RetryReport
        switch action {
        case .replay: report = try store.replay(ids, at: now)
        case .retry(let wholeRound, let atCurrentURL):
            report = try store.retry(ids, RetryManner(wholeRound: wholeRound, atCurrentURL: atCurrentURL), at: now)
        case .cancel:
            let cancelled = try store.cancel(ids, at: now)
            return Set(cancelled.unknown + cancelled.refused.map(\.delivery))
        }
        return Set(report.unknown + report.refused.map(\.delivery))
    }
}
