import Dispatch
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import Posthorn

/// What an engine tells, and what its listener may do.
@Suite(.limited()) struct ListenerTests {
    private static func event(_ id: String) -> NewEvent { NewEvent(id: id, type: "MEETING_WAIT", node: "s", data: "{}") }

    private final class Holder: Sendable { let engine = Mutex<Engine?>(nil) }

    @Test(.onEachStore) func aListenerMayCallTheOutboxAndStopTheEngine() throws {
        let receiver = try MisbehavingReceiver { String(decoding: $0.body, as: UTF8.self).contains("second") ? .ok : .status(500) }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        let holder = Holder()
        let outcomes = Mutex<[String]>([])
        let engine = try bench.engine { event in
            guard event.isFailure(.pending, attempt: 1) else { return }
            do {
                _ = try bench.outbox.emit(Self.event("second"))
                _ = try bench.outbox.retry(.deliveries([1]))
                _ = try bench.outbox.setEnabled(false, endpoint: "a")
                _ = try bench.outbox.status()
                try holder.engine.withLock { $0 }?.stop()
                outcomes.withLock { $0.append("stopped") }
            } catch {
                outcomes.withLock { $0.append("\(error)") }
            }
        }
        holder.engine.withLock { $0 = engine }
        try engine.start()
        _ = try bench.outbox.emit(Self.event("first"))
        #expect(bench.waitFor("end", where: { if case .stopped = $0 { true } else { false } }))
        try engine.stop()
        #expect(outcomes.withLock { $0 } == ["stopped"])
        holder.engine.withLock { $0 = nil }
    }

    @Test func aListenerThatDoesNotReturnHoldsNothingBackAndWhatItMissedIsCounted() throws {
        let (gate, isCalled) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let seen = Mutex<[String]>([])
        let listeners = EngineListeners(log: { event in
            let name =
                switch event {
                case .endpointMended(let endpoint): endpoint
                case .eventsDropped(let count): "dropped \(count)"
                default: "rare"
                }
            if seen.withLock({ seen in
                seen.append(name)
                return seen.count == 1
            }) {
                isCalled.signal()
                _ = gate.wait(timeout: .now() + 60)
            }
        })
        try listeners.begin { EngineStatistics() }
        listeners.tell(.started)
        #expect(isCalled.wait(timeout: .now() + 60) == .success)
        for number in 0..<ListenerLimits.frequent + 7 { listeners.tell(.endpointMended(endpoint: "\(number)")) }
        // Of the rare kinds there is room for more.
        listeners.tell(.stopped)
        gate.signal()
        listeners.finish()
        #expect(seen.withLock { $0 } == ["rare"] + (0..<ListenerLimits.frequent).map { "\($0)" } + ["rare", "dropped 7"])
    }

    @Test func slowMetricsHoldNothingBackAndAreToldWhatTheyMissed() throws {
        final class Slow: EngineMetrics {
            let (gate, isCalled) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            /// Signalled when all that had room has been told.
            let isThrough = DispatchSemaphore(value: 0)
            let seen = Mutex<[DeliveryUpdate]>([])

            func attempted(_ update: DeliveryUpdate) {
                let count = seen.withLock { seen in
                    seen.append(update)
                    return seen.count
                }
                if count == ListenerLimits.frequent + 1 { isThrough.signal() }
                guard count == 1 else { return }
                isCalled.signal()
                _ = gate.wait(timeout: .now() + 60)
            }
        }
        func update(_ number: Int) -> DeliveryUpdate {
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
        let slow = Slow()
        let listeners = EngineListeners(metrics: slow)
        #expect(listeners.wantsUpdates)
        try listeners.begin { EngineStatistics() }
        listeners.tell(update(0))
        #expect(slow.isCalled.wait(timeout: .now() + 60) == .success)
        for number in 1...ListenerLimits.frequent + 7 { listeners.tell(update(number)) }
        slow.gate.signal()
        #expect(slow.isThrough.wait(timeout: .now() + 60) == .success)
        listeners.tell(update(-1))
        listeners.finish()
        let seen = slow.seen.withLock { $0 }
        #expect(seen.count == ListenerLimits.frequent + 2)
        #expect(seen.last?.delivery == -1 && seen.last?.droppedBefore == 7 && seen.dropLast().allSatisfy { $0.droppedBefore == 0 })
    }
}
