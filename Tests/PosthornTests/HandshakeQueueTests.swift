import PosthornModel
import PosthornText
import Testing

@testable import Posthorn

/// When unverified endpoints are asked to prove themselves.
@Suite struct HandshakeQueueTests {
    private let start = Timestamp(milliseconds: 1_594_816_394_000)

    private func candidate(
        _ key: Int64,
        revision: Int64 = 1,
        url: String = "https://a.example/",
        node: String = "n",
        host: String? = nil
    ) -> HandshakeQueue.PendingHandshake {
        HandshakeQueue.PendingHandshake(
            key: key,
            revision: revision,
            settings: EndpointSettings(id: "e\(key)", node: node, url: url, envelope: .weseedo, signature: .diio),
            host: host ?? "\(key).example",
            composer: .failure(InputProblem(field: "", reason: "not needed here"))
        )
    }

    private func after(_ milliseconds: Int64) -> Timestamp { start.advanced(byMilliseconds: milliseconds) }

    @Test func aNewEndpointIsAskedAtOnceAndOnlyOnceAtATime() {
        var queue = HandshakeQueue(speed: 1)
        queue.update([candidate(1)], at: start)
        #expect(queue.hasUnasked)
        #expect(queue.take(at: start).map(\.key) == [1])
        #expect(queue.take(at: after(1_000_000_000)).isEmpty)
        #expect(queue.isRunning)
        #expect(queue.nextDue == nil)
    }

    @Test(arguments: [(1.0, [60_000, 600_000, 3_600_000, 3_600_000, 3_600_000]), (3600, [17, 167, 1000, 1000])] as [(Double, [Int64])])
    func pausesGrowToAnHour(speed: Double, pauses: [Int64]) {
        var queue = HandshakeQueue(speed: speed)
        queue.update([candidate(1)], at: start)
        var now = start
        for pause in pauses {
            let taken = queue.take(at: now)
            #expect(taken.count == 1)
            #expect(queue.finished(taken[0], .failed, at: now) == now.advanced(byMilliseconds: pause))
            #expect(!queue.hasUnasked)
            #expect(queue.take(at: now.advanced(byMilliseconds: pause - 1)).isEmpty)
            now = now.advanced(byMilliseconds: pause)
            #expect(queue.nextDue == now)
        }
    }

    @Test func verifiedEndpointIsNotAskedAgain() {
        var queue = HandshakeQueue(speed: 1)
        queue.update([candidate(1)], at: start)
        let taken = queue.take(at: start)
        #expect(queue.finished(taken[0], .verified, at: start) == nil)
        #expect(queue.nextDue == nil && !queue.hasUnasked && !queue.isRunning)
        #expect(queue.take(at: after(100_000_000)).isEmpty)
    }

    @Test func unchangedHandshakeListChangesNothing() {
        var queue = HandshakeQueue(speed: 1)
        queue.update([candidate(1)], at: start)
        _ = queue.finished(queue.take(at: start)[0], .failed, at: start)
        queue.update([candidate(1)], at: after(10))
        #expect(queue.nextDue == after(60_000))
    }

    @Test func aChangedURLIsAskedAtOnceAndTheOldAnswerDoesNotCount() {
        var queue = HandshakeQueue(speed: 1)
        queue.update([candidate(1)], at: start)
        let old = queue.take(at: start)[0]
        queue.update([candidate(1, revision: 2, url: "https://b.example/")], at: after(5))
        // One at a time for an endpoint: the new one waits for the end of the old one.
        #expect(queue.take(at: after(5)).isEmpty)
        #expect(queue.finished(old, .verified, at: after(9)) == nil)
        #expect(queue.take(at: after(9)).map(\.revision) == [2])
    }

    @Test func onesThatAreNoLongerUnverifiedAreForgotten() {
        var queue = HandshakeQueue(speed: 1)
        queue.update([candidate(1), candidate(2)], at: start)
        queue.update([candidate(2)], at: start)
        #expect(queue.take(at: start).map(\.key) == [2])
    }

    @Test func handshakesAreBoundedAndOldestGoFirst() {
        var queue = HandshakeQueue(speed: 1)
        queue.update([candidate(9)], at: start)
        queue.update((1...9).map { candidate($0) }, at: after(1))
        let first = queue.take(at: after(1))
        #expect(first.map(\.key) == [9, 1, 2, 3])
        #expect(queue.take(at: after(1)).isEmpty)
        _ = queue.finished(first[0], .failed, at: after(2))
        #expect(queue.take(at: after(2)).map(\.key) == [4])
    }

    /// A tenant with any number of handshakes that hang, on a host for each of them, does not keep another one waiting.
    @Test func aNodeWhoseHandshakesHangLeavesPlacesToTheOthers() {
        var queue = HandshakeQueue(speed: 1)
        let hanging = (1...100).map { candidate($0, node: "hostile") }
        queue.update(hanging, at: start)
        #expect(queue.take(at: start).count == HandshakeQueue.limitPerNode)
        #expect(queue.nextDue == nil)
        queue.update(hanging + [candidate(200, node: "good")], at: after(1))
        #expect(queue.take(at: after(1)).map(\.key) == [200])
    }

    @Test func aHostThatHangsLeavesPlacesToTheOthersWhoeverUsesIt() {
        var queue = HandshakeQueue(speed: 1)
        let hanging = (1...100).map { candidate($0, node: "n\($0)", host: "hanging.example") }
        queue.update(hanging + [candidate(200, node: "good")], at: start)
        #expect(queue.take(at: start).map(\.key) == [1, 2, 200])
        #expect(queue.nextDue == nil)
    }

    @Test func nodesTakeTurns() {
        var queue = HandshakeQueue(speed: 1)
        queue.update((1...20).map { candidate($0, node: $0 < 18 ? "large" : "n\($0)") }, at: start)
        let first = queue.take(at: start)
        #expect(first.map(\.key) == [1, 18, 19, 20, 2, 3, 4])
        // A place that is free goes to whoever has not been served for longest.
        queue.update((1...21).map { candidate($0, node: $0 < 18 ? "large" : "n\($0)") }, at: after(1))
        _ = queue.finished(first[0], .verified, at: after(2))
        #expect(queue.take(at: after(2)).map(\.key) == [21, 5])
    }

    @Test func failedHandshakesLeaveHalfOfTheSlotsToNewOnes() {
        var queue = HandshakeQueue(speed: 1)
        var all = (1...20).map { candidate($0, node: "n\($0)") }
        queue.update(all, at: start)
        for _ in 0..<3 {
            for one in queue.take(at: start) { _ = queue.finished(one, .failed, at: start) }
        }
        let later = after(60_000)
        #expect(queue.take(at: later).count == HandshakeQueue.limitOfRepeats)
        all.append(candidate(99, node: "new"))
        queue.update(all, at: later)
        #expect(queue.take(at: later).map(\.key) == [99])
    }

    @Test func anAnswerThatCouldNotBeRecordedIsAskedForAgainWithoutCountingAsAFailure() {
        var queue = HandshakeQueue(speed: 1)
        queue.update([candidate(1)], at: start)
        let taken = queue.take(at: start)[0]
        #expect(queue.finished(taken, .undecided, at: start) == after(60_000))
        #expect(queue.hasUnasked)
    }

    @Test func aClockThatIsPutBackADayDoesNotPutAHandshakeOff() {
        var queue = HandshakeQueue(speed: 1)
        queue.update([candidate(1)], at: start)
        _ = queue.finished(queue.take(at: start)[0], .failed, at: start)
        #expect(queue.take(at: after(-86_400_000)).count == 1)
    }
}
