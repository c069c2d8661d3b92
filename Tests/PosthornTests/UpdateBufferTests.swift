import PosthornTestSupport
import Testing

@testable import Posthorn

/// A reader of updates loses nothing without being told.
@Suite(.limited()) struct UpdateBufferTests {
    private static func update(_ number: Int) -> DeliveryUpdate {
        DeliveryUpdate(
            delivery: Int64(number),
            event: "e",
            type: "T",
            endpoint: "crm",
            attempt: 1,
            outcome: AttemptOutcome(started: Timestamp(milliseconds: 0), durationMicroseconds: 1, status: 200),
            state: .delivered
        )
    }

    private static func read(_ buffer: UpdateBuffer) async -> [[Int64]] {
        var read: [[Int64]] = []
        while let update = await buffer.next() { read.append([update.delivery, Int64(update.droppedBefore)]) }
        return read
    }

    @Test(arguments: [1, 2, 3, 7, 100])
    func theNextUpdateSaysHowManyAreLost(_ limit: Int) async {
        let buffer = UpdateBuffer(limit: limit) {}
        for number in 1...20 { buffer.add(Self.update(number)) }
        buffer.finish()
        buffer.add(Self.update(21))
        let lost = max(0, 20 - limit)
        let kept = (lost + 1...20).map { [Int64($0), Int64($0 == lost + 1 ? lost : 0)] }
        #expect(await Self.read(buffer) == kept)
    }

    @Test func aReaderThatWaitsGetsWhatComesAndTheEnd() async {
        let buffer = UpdateBuffer(limit: 2) {}
        let reader = Task { await Self.read(buffer) }
        for number in 1...3 {
            buffer.add(Self.update(number))
            await Task.yield()
        }
        buffer.finish()
        let seen = await reader.value
        // Whatever it was too slow for is counted by the next it got.
        #expect(seen.reduce(0) { $0 + 1 + $1[1] } == 3 && seen.last?[0] == 3)
    }

    @Test func aCancelledReaderGetsWhatWasThereAndThenTheEnd() async {
        let buffer = UpdateBuffer(limit: 10) {}
        for number in 1...3 { buffer.add(Self.update(number)) }
        let reader = Task {
            while !Task.isCancelled { await Task.yield() }
            return await Self.read(buffer)
        }
        reader.cancel()
        #expect(await reader.value == [[1, 0], [2, 0], [3, 0]])
        buffer.add(Self.update(4))
        #expect(await buffer.next() == nil)
    }

    @Test func anEngineForgetsReadersThatAreGone() {
        let listeners = EngineListeners()
        var updates: DeliveryUpdates? = listeners.updates(bufferLimit: 1)
        #expect(updates != nil && listeners.wantsUpdates)
        updates = nil
        #expect(!listeners.wantsUpdates)
    }
}
