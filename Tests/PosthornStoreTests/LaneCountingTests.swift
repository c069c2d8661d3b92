import PosthornModel
import PosthornStore
import PosthornText
import Testing

/// What waits in order is counted without looking at more than is allowed, and never too high.
@Suite struct LaneCountingTests {
    private struct Found: Equatable {
        var summary: LaneSummary
        var heads: [Int64]
        var waiting: [Int]
    }

    private func counted(_ rows: [LaneCounting.Row], stops: Bool, budget: Int) throws -> (found: Found, looked: Int) {
        var seen = 0
        var counting = LaneCounting(stops: stops) { (span, limit, visit) throws(OutboxProblem) in
            let wanted = rows.filter { row in
                switch span {
                case .lanes(let first): row.lane >= first
                case .lane(let lane, let last): row.lane == lane && row.delivery > last
                }
            }
            for row in wanted.prefix(limit) {
                seen += 1
                if !visit(row) { return }
            }
        }
        var left = budget
        let (summary, lines) = try counting.run(rows: &left)
        #expect(seen == budget - left && seen <= budget)
        return (Found(summary: summary, heads: lines.map(\.head), waiting: lines.map(\.waiting)), seen)
    }

    /// By going through all of it.
    private func whole(_ rows: [LaneCounting.Row], stops: Bool) -> Found {
        var (summary, told) = (LaneSummary(), [LaneSummary.Line]())
        for (_, lane) in Dictionary(grouping: rows, by: \.lane) {
            let waiting = lane.filter { $0.state == .pending || $0.state == .held || ($0.state == .exhausted && stops) }
            guard let head = waiting.first else { continue }
            var line = LaneSummary.Line(head: head.delivery, state: head.state)
            (line.next, line.waiting) = (waiting.dropFirst().first?.delivery, waiting.count - 1)
            if summary.count(line) { told.append(line) }
        }
        told.sort(by: LaneSummary.isBefore)
        return Found(summary: summary, heads: told.map(\.head), waiting: told.map(\.waiting))
    }

    @Test func countsAreExactOrSaidToBeTooLow() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            var rows: [LaneCounting.Row] = []
            for lane in 0..<Int64.random(in: 0...12, using: &random) {
                for _ in 0..<Int.random(in: 0...(Bool.random(using: &random) ? 4 : 150), using: &random) {
                    let states: [DeliveryState] = [.pending, .pending, .pending, .held, .exhausted, .delivered, .cancelled]
                    let state = states.randomElement(using: &random) ?? .pending
                    rows.append(.init(lane: lane * 3 - 5, delivery: Int64(rows.count), state: state))
                }
            }
            let stops = Bool.random(using: &random)
            let truth = whole(rows, stops: stops)
            #expect(try counted(rows, stops: stops, budget: 2 * rows.count + 2).found == truth)
            let budget = Int.random(in: 1...1000, using: &random)
            let (found, _) = try counted(rows, stops: stops, budget: budget)
            if !found.summary.isAtLeast {
                #expect(found == truth)
            } else {
                #expect(found.summary.lanes <= truth.summary.lanes && found.summary.waiting <= truth.summary.waiting)
                #expect(found.summary.stopped <= truth.summary.stopped && found.summary.stoppedWaiting <= truth.summary.stoppedWaiting)
            }
        }
    }

    @Test func aLongLaneHidesNoStoppedOneBehindIt() throws {
        var rows = (0..<100_000).map { LaneCounting.Row(lane: 1, delivery: $0, state: .pending) }
        rows += (0..<300).map { LaneCounting.Row(lane: 2, delivery: 200_000 + $0, state: $0 == 0 ? .exhausted : .held) }
        let (found, looked) = try counted(rows, stops: true, budget: 1000)
        #expect(looked == 1000 && found.summary.isAtLeast && found.summary.lanes == 2)
        #expect(found.summary.stopped == 1 && found.heads == [200_000, 0] && found.waiting[0] == 299)
    }

    @Test func whatIsOverIsLookedAtAndNotCounted() throws {
        let rows = (0..<50).map { LaneCounting.Row(lane: 1, delivery: $0, state: .delivered) }
        #expect(try counted(rows, stops: true, budget: 20).found.summary.isAtLeast)
        #expect(try counted(rows, stops: true, budget: 200).found.summary == LaneSummary())
    }
}
