import Testing

@testable import Posthorn

@Suite struct ScanCursorTests {
    /// Drives a cursor over rows that stay until they are taken, as a store would.
    private struct Drive {
        var cursor = ScanCursor<Int64>(start: 0)
        var window = ClaimWindow()
        var rows: [(id: Int64, endpoint: Int)]
        var taken: [Int64] = []
        var visits = 0

        init(_ endpoints: [Int]) {
            rows = endpoints.enumerated().map { (Int64($0 + 1), $1) }
            window.grow(to: (endpoints.max() ?? 0) + 1)
        }

        mutating func read() {
            if let start = cursor.rereadStart {
                var last = start
                var stopped = false
                for row in rows where row.id > start {
                    last = row.id
                    visits += 1
                    switch cursor.rereading(row.id, before: row.id - 1, endpoint: row.endpoint, room: room(row)) {
                    case .take: take(row)
                    case .pass: continue
                    case .stop: stopped = true
                    }
                    if stopped { break }
                }
                cursor.reread(upTo: !stopped || last > cursor.frontier ? nil : last - 1)
            }
            for row in rows where row.id > cursor.frontier {
                visits += 1
                let decision = cursor.atFrontier(row.id, before: row.id - 1, endpoint: row.endpoint, room: room(row))
                if decision == .take { take(row) }
                if decision == .stop { break }
            }
        }

        private func room(_ row: (id: Int64, endpoint: Int)) -> ScanCursor<Int64>.Room {
            taken.contains(row.id) ? .none : window.room(row.endpoint)
        }

        private mutating func take(_ row: (id: Int64, endpoint: Int)) {
            window.take(row.endpoint, bytes: 0)
            taken.append(row.id)
        }

        /// The attempt of a delivery ended and its row left the cursor.
        mutating func finish(_ id: Int64, succeeded: Bool = true) {
            guard let index = rows.firstIndex(where: { $0.id == id }) else { return }
            let endpoint = rows.remove(at: index).endpoint
            if window.finish(endpoint, bytes: 0, succeeded: succeeded) { cursor.hasRoom(endpoint) }
        }
    }

    /// A failed attempt comes back with a due time before that of deliveries its endpoint already waits with.
    @Test func anEndpointThatIsGoneLeavesNothing() {
        var cursor = ScanCursor<Int64>(start: 0)
        for endpoint in 0..<10 { _ = cursor.atFrontier(Int64(endpoint), before: Int64(endpoint) - 1, endpoint: endpoint, room: .full) }
        cursor.hasRoom(3)
        #expect(cursor.rememberedCount == 10 && cursor.rereadStart == 2)
        for endpoint in 0..<10 { cursor.forget(endpoint) }
        #expect(cursor.rememberedCount == 0 && cursor.rereadStart == nil)
        var window = ClaimWindow()
        window.grow(to: 1)
        for _ in 0..<20 {
            window.take(0, bytes: 1)
            _ = window.finish(0, bytes: 1, succeeded: false)
        }
        window.forget(0)
        // The next one in its place starts with what everybody starts with.
        for _ in 0..<ClaimWindow.firstShare {
            #expect(window.room(0) == ScanCursor<Int64>.Room.free)
            window.take(0, bytes: 1)
        }
        #expect(window.room(0) == ScanCursor<Int64>.Room.full)
        #expect(window.held(0) == ClaimWindow.firstShare && window.held(1) == 0)
    }

    @Test func recalledDeliveriesInFrontOfWaitingOnesAreClaimed() {
        var drive = Drive([Int](repeating: 0, count: 40))
        let first = drive.rows[0]
        drive.rows.removeFirst()
        drive.read()
        #expect(drive.taken.count == ClaimWindow.firstShare)
        // The others of the endpoint were passed over; now its first one is there again, before all of them.
        drive.rows.insert(first, at: 0)
        drive.cursor.inserted(after: 0, endpoint: 0)
        for id in drive.taken { drive.finish(id) }
        drive.read()
        #expect(drive.taken.contains(first.id))
        while let next = drive.taken.first(where: { id in drive.rows.contains { $0.id == id } }) {
            drive.finish(next)
            drive.read()
        }
        #expect(drive.rows.isEmpty)
    }

    /// Two endpoints' attempts fail in one commit: the first one's delivery puts the frontier back to before the second one's,
    /// which stands in front of what was passed over of its endpoint all the same.
    @Test func aDeliveryThatComesInBehindAFrontierThatWasPutBackIsReadAgain() {
        var cursor = ScanCursor<Int64>(start: 0)
        #expect(cursor.atFrontier(10, before: 9, endpoint: 1, room: .free) == .take)
        #expect(cursor.atFrontier(20, before: 19, endpoint: 2, room: .free) == .take)
        #expect(cursor.atFrontier(30, before: 29, endpoint: 2, room: .full) == .pass)
        cursor.inserted(after: 10, endpoint: 1)
        cursor.inserted(after: 21, endpoint: 2)
        #expect(cursor.frontier == 10)
        #expect(cursor.atFrontier(11, before: 10, endpoint: 1, room: .free) == .take)
        for row in [22, 30] as [Int64] { #expect(cursor.atFrontier(row, before: row - 1, endpoint: 2, room: .free) == .pass) }
        #expect(cursor.rereadStart == 21)
        for row in [22, 30] as [Int64] { #expect(cursor.rereading(row, before: row - 1, endpoint: 2, room: .free) == .take) }
    }

    @Test func everyDeliveryIsTakenOnceAndInItsEndpointsOrder() {
        // Two slow endpoints with long queues, interleaved with a fast one.
        var drive = Drive((0..<600).map { $0 % 3 })
        var order: [Int: [Int64]] = [:]
        let owner = Dictionary(uniqueKeysWithValues: drive.rows.map { ($0.id, $0.endpoint) })
        drive.read()
        while let next = drive.taken.first(where: { id in drive.rows.contains { $0.id == id } }) {
            drive.finish(next)
            drive.read()
        }
        for id in drive.taken { order[owner[id]!, default: []].append(id) }
        #expect(drive.rows.isEmpty)
        #expect(Set(drive.taken).count == 600)
        for ids in order.values { #expect(ids == ids.sorted()) }
    }

    @Test func aDeadEndpointsBacklogHoldsBackNobodyBehindIt() {
        var drive = Drive(Array(repeating: 0, count: 5000) + Array(repeating: 1, count: 10))
        drive.read()
        #expect(drive.taken.filter { $0 <= 5000 }.count == ClaimWindow.firstShare)
        #expect(drive.taken.filter { $0 > 5000 }.count == 10)
    }

    @Test func aDeadEndpointsBacklogIsNotReadAgainForOthers() {
        var drive = Drive(Array(repeating: 0, count: 5000) + Array(repeating: 1, count: 100))
        drive.read()
        drive.visits = 0
        // The healthy endpoint behind the dead one finishes and gets its next ones.
        for id in drive.taken where id > 5000 { drive.finish(id) }
        drive.read()
        #expect(drive.taken.filter { $0 > 5000 }.count > ClaimWindow.firstShare)
        #expect(drive.visits < 200)
    }

    @Test func failuresMakeAnEndpointsShareSmall() {
        var drive = Drive(Array(repeating: 0, count: 1000))
        drive.read()
        for _ in 0..<6 {
            for id in drive.taken where drive.rows.contains(where: { $0.id == id }) { drive.finish(id, succeeded: false) }
            drive.read()
        }
        #expect(drive.window.held(0) <= 2)
    }

    @Test func theWindowIsBoundedAndAnIdleEndpointStillGetsOne() {
        var window = ClaimWindow()
        window.grow(to: ClaimWindow.rowLimit + 1)
        for endpoint in 0..<ClaimWindow.rowLimit { window.take(endpoint, bytes: 1) }
        let moving: ScanCursor<Int64>.Room = window.room(0)
        let idle: ScanCursor<Int64>.Room = window.room(ClaimWindow.rowLimit)
        #expect(moving == .exhausted)
        #expect(idle == .free)
        // Nothing moves any more: those who hang are passed by, so that the idle ones behind them are found.
        window.isStalled = true
        let hanging: ScanCursor<Int64>.Room = window.room(0)
        #expect(hanging == .full)
    }

    @Test func noEndpointFillsTheWindowWithItsBytes() {
        var window = ClaimWindow()
        window.grow(to: 2)
        window.take(0, bytes: ClaimWindow.byteShare)
        let large: ScanCursor<Int64>.Room = window.room(0)
        let other: ScanCursor<Int64>.Room = window.room(1)
        #expect(large == .full)
        #expect(other == .free)
        let readsOn = window.finish(0, bytes: ClaimWindow.byteShare, succeeded: true)
        #expect(readsOn)
        #expect(window.bytes == 0)
    }

    @Test func manualChangesStartTheScanOver() {
        var drive = Drive([0, 0])
        drive.read()
        drive.taken = []
        drive.cursor.startOver()
        drive.read()
        #expect(drive.taken == [1, 2])
    }
}
