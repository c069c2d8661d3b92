import Posthorn
import PosthornModel
import PosthornStore
import PosthornTestSupport
import Synchronization
import Testing

/// A file system that is really full.
@Suite(.enabled(if: SmallDisk.isAvailable, "only root can mount a small file system"), .limited())
struct FullDiskTests {
    @Test func fullDiskAcknowledgesSendsAndLosesNothing() throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let outbox = try Outbox(path: disk.file("outbox.db"))
        let isFull = Mutex(false)
        let receiver = try MisbehavingReceiver { _ in
            isFull.withLock { isFull in
                if !isFull { disk.fill() }
                isFull = true
                return .ok
            }
        }
        let bench = try EngineBench(outbox)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url, inFlightLimit: 4)])
        _ = try outbox.emit((0..<200).map { Self.event("e\($0)") })
        let engine = try bench.engine()
        try engine.start()
        #expect(bench.waitFor("failure", where: { if case .storageFailed(let why) = $0 { why.code == "full" } else { false } }))
        #expect { try outbox.emit(Self.event("late")) } throws: { ($0 as? OutboxProblem)?.code == .full }
        disk.empty()
        #expect(bench.waitFor("recovery", where: { if case .storageRecovered = $0 { true } else { false } }))
        #expect(try outbox.emit(Self.event("late")).isNew)
        #expect(receiver.waitForRequests(201).count == 201)
        try engine.stop()
        #expect(try bench.recordedAttempts() == 201)
        #expect(receiver.requests.count == 201)
        #expect(try bench.deliveries().allSatisfy { $0.state == .delivered })
        #expect(try outbox.integrityProblems().isEmpty)
        outbox.close()
    }

    private static func event(_ id: String) -> NewEvent {
        NewEvent(id: id, type: "MEETING_WAIT", node: "s", data: #"{"text":"\#(String(repeating: "x", count: 2000))"}"#)
    }
}
