package import PosthornModel

/// Goes through what waits in order for an endpoint, however long the lanes are, without looking at more rows than it may.
///
/// Half of the rows are for finding lanes: of each that many wait in only the first are counted there, so that one long lane hides no other
/// one. The rest goes to what is behind those, stopped lanes first, in turns that grow.
package struct LaneCounting {
    /// A row of a lane that says that it waits.
    package struct Row {
        /// Its lane.
        package let lane: Int64
        /// The delivery.
        package let delivery: Int64
        /// The delivery's state, which says whether it does.
        package let state: DeliveryState

        /// A row as it was read.
        package init(lane: Int64, delivery: Int64, state: DeliveryState) {
            self.lane = lane
            self.delivery = delivery
            self.state = state
        }
    }

    /// Which rows are wanted.
    package enum Span {
        /// Those of this lane and all greater ones.
        case lanes(from: Int64)
        /// Those of one lane behind a delivery.
        case lane(Int64, behind: Int64)
    }

    /// Reads rows of the endpoint by lane and delivery, at most `limit` of them, until `visit` returns `false`.
    package typealias Reading = (_ span: Span, _ limit: Int, _ visit: (Row) -> Bool) throws(OutboxProblem) -> Void

    /// Rows of one lane that are looked at before the next lane is looked for.
    private static let firstRows = 32

    private let stops: Bool
    private let read: Reading
    private var lines: [Line] = []
    /// Whether every lane was found.
    private var isAtEnd = false

    /// A lane with how far it was gone through.
    private struct Line {
        var counts: LaneSummary.Line
        let lane: Int64
        var last: Int64
        /// Rows that were looked at, those that wait no more among them.
        var looked = 1
        var isOver = false

        /// A lane that was found.
        init(_ head: Row) {
            counts = LaneSummary.Line(head: head.delivery, state: head.state)
            (lane, last) = (head.lane, head.delivery)
        }
    }

    /// - Parameters:
    ///   - stops: Whether an exhausted delivery stops its lane.
    ///   - read: Reads rows.
    package init(stops: Bool, _ read: @escaping Reading) {
        self.stops = stops
        self.read = read
    }

    /// What a list shows of an endpoint's lanes.
    /// - Parameters:
    ///   - limit: How many lanes are told one by one.
    ///   - rows: How many rows may be looked at; less by those that were.
    ///   - told: Reads what is told of a lane; `nil` of one whose deliveries are gone.
    package mutating func summary(
        limit: Int,
        rows: inout Int,
        _ told: (LaneSummary.Line) throws(OutboxProblem) -> LaneSummary.Lane?
    ) throws(OutboxProblem) -> LaneSummary {
        var (summary, lines) = try run(rows: &rows)
        for line in lines.prefix(limit) {
            if let lane = try told(line) { summary.page.append(lane) }
        }
        return summary
    }

    /// The counts, and the lanes that are worth telling, the first ones first.
    /// - Parameter rows: How many rows may be looked at; less by those that were.
    package mutating func run(rows: inout Int) throws(OutboxProblem) -> (summary: LaneSummary, lines: [LaneSummary.Line]) {
        var left = max(1, rows)
        let kept = left / 2
        left -= kept
        try findLanes(&left)
        left += kept
        try countBehind(&left)
        rows = left
        var summary = LaneSummary()
        summary.isAtLeast = !isAtEnd
        var told: [LaneSummary.Line] = []
        for line in lines {
            var counts = line.counts
            counts.isAtLeast = !line.isOver
            if summary.count(counts) { told.append(counts) }
        }
        return (summary, told.sorted(by: LaneSummary.isBefore))
    }

    private mutating func findLanes(_ left: inout Int) throws(OutboxProblem) {
        var from = Int64.min
        while !isAtEnd, left > 0 {
            var (isLong, budget, lines) = (false, left, self.lines)
            self.lines = []
            try read(.lanes(from: from), left) { row in
                budget -= 1
                guard let last = lines.indices.last, lines[last].lane == row.lane else {
                    // What was before it in the order of lanes is whole.
                    if let last = lines.indices.last, lines[last].looked < Self.firstRows { lines[last].isOver = true }
                    if waits(row) { lines.append(Line(row)) }
                    return true
                }
                take(row, &lines[last])
                isLong = lines[last].looked >= Self.firstRows
                return !isLong
            }
            self.lines = lines
            left = budget
            isAtEnd = !isLong && left > 0
            guard isLong, let last = lines.last else { continue }
            if last.lane == .max { isAtEnd = true } else { from = last.lane + 1 }
        }
        if isAtEnd, let last = lines.indices.last, lines[last].looked < Self.firstRows { lines[last].isOver = true }
    }

    private mutating func countBehind(_ left: inout Int) throws(OutboxProblem) {
        var open = lines.indices.filter { !lines[$0].isOver }
        open.sort { lines[$0].counts.state == .exhausted && lines[$1].counts.state != .exhausted }
        var turn = Self.firstRows * 4
        while left > 0, !open.isEmpty {
            for index in open where left > 0 {
                let wanted = min(turn, left)
                var (seen, line) = (0, lines[index])
                try read(.lane(line.lane, behind: line.last), wanted) { row in
                    seen += 1
                    take(row, &line)
                    return true
                }
                left -= seen
                line.isOver = seen < wanted
                lines[index] = line
            }
            open.removeAll { lines[$0].isOver }
            turn *= 4
        }
    }

    private func take(_ row: Row, _ line: inout Line) {
        line.looked += 1
        line.last = row.delivery
        guard waits(row) else { return }
        if line.counts.next == nil { line.counts.next = row.delivery }
        line.counts.waiting += 1
    }

    /// Not everybody who ends a delivery writes that it waits no more.
    private func waits(_ row: Row) -> Bool {
        switch row.state {
        case .pending, .held: true
        case .exhausted: stops
        case .delivered, .cancelled: false
        }
    }
}
