import Dispatch
import PosthornModel
import PosthornStore
import PosthornTestSupport
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
        let queue = EventQueue { event in
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
        }
        try queue.begin()
        queue.tell(.started)
        #expect(isCalled.wait(timeout: .now() + 60) == .success)
        for number in 0..<EventQueue.eventLimit + 7 { queue.tell(.endpointMended(endpoint: "\(number)")) }
        // Of the rare kinds there is room for more.
        queue.tell(.stopped)
        gate.signal()
        queue.finish()
        #expect(seen.withLock { $0 } == ["rare"] + (0..<EventQueue.eventLimit).map { "\($0)" } + ["rare", "dropped 7"])
    }
}
