import Glibc
import PosthornFormats
import PosthornModel
import PosthornSystem
package import PosthornText
package import PosthornStore

extension Outbox {
    /// Events and deliveries that one step of upkeep reads or deletes, so that others wait for a moment only.
    static let upkeepStep = 2000

    /// Deletes events whose deliveries all ended before a time, with their deliveries and attempts, and those without deliveries that are
    /// as old. An id that was pruned is no longer known: the same id emitted again is a new event. Then endpoints that were removed
    /// before that time and have no delivery left; and where payloads go earlier, the data of events. What may go, ``Retention`` decides. Space is given back, and at last the counts of
    /// ``status()`` are taken once more.
    package func prune(settledBefore cutoff: Timestamp) throws -> PruneReport {
        try prune(Retention(settledBefore: cutoff))
    }

    /// The same of what `retention` says.
    package func prune(_ retention: Retention) throws -> PruneReport { try prune(retention, Upkeep(share: 0.5)) }

    /// How upkeep is done.
    package struct Upkeep {
        /// What part of the time it may take.
        var share: Double
        /// Whether it ends where all that follows is too new, by the times of events. One that came late in their order waits for the
        /// next time then; without it all events are looked at.
        var endsAtNewer = false
        /// Whether the counts of ``Outbox/status()`` are taken once more at the end, which reads all that is counted.
        var recounts = true
        /// Rests for so many milliseconds.
        package var rest: (Int64) -> Void = { usleep(UInt32(clamping: $0 * 1000)) }
        /// Asked between steps whether to give up.
        package var isCut: () -> Bool = { false }
        /// Told after each step for how many nanoseconds it held the writer.
        package var held: (Int64) -> Void = { _ in }
        /// The first event that may still have its data, and who is told which one that is: those before it are not looked at again.
        var firstWithData = Int64.min
        var foundData: (Int64) -> Void = { _ in }

        init(share: Double) { self.share = share }

        /// Beside a running engine: it takes a fifth of the time, and looks no further than what is new.
        package static var besideEngine: Upkeep {
            var upkeep = Upkeep(share: 0.2)
            upkeep.endsAtNewer = true
            upkeep.recounts = false
            return upkeep
        }
    }

    /// The same of what `retention` says, in steps that hold the writer for some milliseconds each.
    package func prune(_ retention: Retention, _ upkeep: Upkeep) throws -> PruneReport {
        var total = PruneReport()
        var pace = UpkeepPace(share: upkeep.share)
        // A delivery that a program of an earlier version has stored is in no index of its event before.
        try bringRowsUpToDate()
        try goThroughEvents(upkeep, &pace, newFrom: retention.latestCutoff) { reader, last in
            try reader.histories(beyond: last, limit: Self.upkeepStep)
        } choosing: {
            retention.permits($0)
        } handling: { batch, pace in
            total += try step(&pace, upkeep, batch.count) { (store) throws(OutboxProblem) in
                // Between the two nobody can store a delivery without its event's entry in the index.
                while try store.bringRowsUpToDate(beyond: 0, limit: Self.upkeepStep) {}
                return try store.prune(batch, retention)
            }
        }
        if retention.dropsPayloads { total.payloads = try dropData(retention, upkeep, &pace) }
        try deleteNotices(retention, upkeep, &pace)
        let gone = try read { try $0.removedEndpoints() }.filter(retention.permits).map(\.key)
        for start in stride(from: 0, to: gone.count, by: Self.upkeepStep) {
            let batch = Array(gone[start..<min(start + Self.upkeepStep, gone.count)])
            total.endpoints += try writer.perform { (store) throws(OutboxProblem) in try store.prune(endpoints: batch, retention) }
        }
        try giveBackSpace(upkeep)
        if upkeep.recounts { try recount() }
        return total
    }

    /// Drops the data of events that need not keep it, in steps as those of `prune`. Digests are made beside the writer: an event never
    /// changes.
    private func dropData(_ retention: Retention, _ upkeep: Upkeep, _ pace: inout UpkeepPace) throws -> Int {
        var dropped = 0
        var isFirst = true
        let start = upkeep.firstWithData == .min ? .min : upkeep.firstWithData - 1
        try goThroughEvents(upkeep, &pace, beyond: start, newFrom: retention.payloadCutoff) { reader, last in
            let page = try reader.historiesWithData(beyond: last, limit: Self.upkeepStep)
            if isFirst, let first = page.first { upkeep.foundData(first.seq) }
            isFirst = false
            return page
        } choosing: {
            retention.permitsDroppingData(of: $0)
        } handling: { batch, pace in
            let digests = try read { reader in
                try batch.compactMap { (seq) throws(OutboxProblem) in
                    try reader.data(ofEvent: seq).map { (seq: seq, digest: MessageDigest.sha256($0)) }
                }
            }
            dropped += try step(&pace, upkeep, batch.count) { (store) throws(OutboxProblem) in try store.dropData(digests, retention) }
        }
        return dropped
    }

    /// Deletes old mails about endpoints' health. They are looked for beside the writer.
    private func deleteNotices(_ retention: Retention, _ upkeep: Upkeep, _ pace: inout UpkeepPace) throws {
        while !upkeep.isCut() {
            let old = try read { [size = pace.size] in try $0.oldNotices(before: retention.latestCutoff, limit: size) }
            if old.isEmpty { return }
            try step(&pace, upkeep, old.count) { (store) throws(OutboxProblem) in try store.deleteNotices(old) }
        }
    }

    /// Goes through the events in their order and does something about the chosen ones. They are looked for beside the writer, and looked
    /// at again in the step that changes them.
    /// - Parameters:
    ///   - start: The number behind which the first one is.
    ///   - newFrom: An event of this time or later is too new for ``Upkeep/endsAtNewer``.
    ///   - page: The next ones behind a number.
    ///   - isChosen: Whether something is to be done about an event.
    ///   - handle: Does it for the numbers of as many as one step may take.
    private func goThroughEvents(
        _ upkeep: Upkeep,
        _ pace: inout UpkeepPace,
        beyond start: Int64 = .min,
        newFrom: Timestamp,
        _ page: (any OutboxReader, Int64) throws -> [EventHistory],
        choosing isChosen: (EventHistory) -> Bool,
        handling handle: ([Int64], inout UpkeepPace) throws -> Void
    ) throws {
        var last = start
        while !upkeep.isCut() {
            let events = try read { [last] in try page($0, last) }
            guard let end = events.last?.seq else { return }
            last = end
            var chosen = events.filter(isChosen).map(\.seq)[...]
            while !chosen.isEmpty, !upkeep.isCut() {
                let batch = Array(chosen.prefix(pace.size))
                chosen = chosen.dropFirst(batch.count)
                try handle(batch, &pace)
            }
            if upkeep.endsAtNewer, events.allSatisfy({ $0.created >= newFrom }) { return }
        }
    }

    /// What `prune` would do now: events, deliveries, endpoints and data. Attempts are not counted.
    package func pruneForecast(_ retention: Retention) throws -> PruneReport {
        var total = PruneReport()
        var last = Int64.min
        while true {
            let page = try read { [last] in try $0.histories(beyond: last, limit: Self.upkeepStep) }
            guard let end = page.last?.seq else { break }
            last = end
            for event in page where retention.permits(event) {
                total.events += 1
                total.deliveries += event.deliveries.count
            }
        }
        last = .min
        while retention.dropsPayloads {
            let page = try read { [last] in try $0.historiesWithData(beyond: last, limit: Self.upkeepStep) }
            guard let end = page.last?.seq else { break }
            last = end
            total.payloads += page.count { retention.permitsDroppingData(of: $0) && !retention.permits($0) }
        }
        total.endpoints = try read { try $0.removedEndpoints() }.count(where: retention.permits)
        return total
    }

    /// Gives back what deleted rows have left.
    private func giveBackSpace(_ upkeep: Upkeep) throws {
        var pace = UpkeepPace(share: upkeep.share)
        while !upkeep.isCut() {
            let limit = pace.size
            if try step(&pace, upkeep, limit, { (store) throws(OutboxProblem) in try store.giveBackSpace(limit: limit) }) == 0 { return }
        }
    }

    /// One step of upkeep in a transaction of its own, and the rest after it.
    private func step<Result: Sendable>(
        _ pace: inout UpkeepPace,
        _ upkeep: Upkeep,
        _ count: Int,
        _ work: @escaping @Sendable (any OutboxStore) throws(OutboxProblem) -> Result
    ) throws(OutboxProblem) -> Result {
        let start = MonotonicClock.nanoseconds()
        let (result, held) = try writer.perform { (store) throws(OutboxProblem) in
            let start = MonotonicClock.nanoseconds()
            return (try work(store), MonotonicClock.nanoseconds() - start)
        }
        pace.note(count, nanoseconds: held)
        upkeep.held(held)
        let pause = pace.restMilliseconds(after: MonotonicClock.nanoseconds() - start)
        if pause > 0 { upkeep.rest(pause) }
        return result
    }

    /// Rows that one reading looks at.
    private static let rowsPerReading = 100_000
    /// Rows that one transaction brings up to date: some 3 ms.
    static let rowsPerUpdate = 1000

    /// Brings rows that a program of an earlier version has written up to date, in small transactions. Where they begin is found in a
    /// reading, which holds up no writer: most often there are none.
    func bringRowsUpToDate() throws {
        let known = try rowsUpToDate()
        while try writer.perform({ (store) throws(OutboxProblem) in
            try store.bringRowsUpToDate(beyond: known, limit: Self.rowsPerUpdate)
        }) {}
    }

    /// Up to where a reading finds all rows up to date.
    func rowsUpToDate() throws -> Int64 {
        var found: (through: Int64, goesOn: Bool) = (0, true)
        while found.goesOn { found = try read { [found] in try $0.rowsUpToDate(beyond: found.through, limit: Self.rowsPerReading) } }
        return found.through
    }

    /// Adds what was not counted for ``status()``. It is found in a reading that holds up no writer; what is written meanwhile is counted
    /// by its writer.
    func recount() throws {
        let difference = try read { try $0.uncounted() }
        try writer.perform { (store) throws(OutboxProblem) in try store.correct(counts: difference) }
    }
}
