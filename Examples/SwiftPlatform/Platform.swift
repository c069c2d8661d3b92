// A platform for video meetings that notifies its customers. It keeps its own tables and Posthorn's outbox in one
// SQLite file, so that a meeting and the event about it are stored together or not at all.
//
//     swift run PosthornPlatformExample
//
// The text of the DocC article GettingStarted takes its code from here.

import CPosthornSQLite
import Posthorn

@main
struct Platform {
    static func main() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/platform.db"
        let receiver = try CustomerServer()

        // The platform's own connection and table.
        let database = try Database(path: path)
        try database.execute("CREATE TABLE meeting (id TEXT PRIMARY KEY, state TEXT NOT NULL)")

        // Opening an outbox: Posthorn's tables join the platform's in the same file.
        let outbox = try Outbox(path: path)
        defer { outbox.close() }

        // Nodes and endpoints.
        let topology = try Topology(
            nodes: [
                Node(id: "acme", level: .company, name: "Acme"),
                Node(id: "acme-desk", level: .site, parent: "acme"),
            ],
            endpoints: [
                EndpointSettings(
                    id: "acme-crm",
                    node: "acme",
                    url: "http://127.0.0.1:\(receiver.port)/hooks",
                    vendor: .standard,
                    credentials: ["secret": .string("whsec_c3dpZnQtcGxhdGZvcm0tZXhhbXBsZS1zZWNyZXQ=")]
                )
            ]
        )
        for change in try await outbox.apply(topology) { print(change.kind, change.what, change.id) }

        // Emitting alone: returns when the event is on disk.
        let emitted = try await outbox.emit(NewEvent(type: "MEETING_CREATED", node: "acme-desk", data: #"{"id": "m1"}"#))
        print("accepted \(emitted.id) for \(emitted.deliveries) endpoint")

        // The same id again is accepted and changes nothing, so a call can be repeated after any failure.
        let again = try await outbox.emit(NewEvent(id: "m1-waits", type: "MEETING_WAIT", node: "acme-desk", data: #"{"id": "m1"}"#))
        let repeated = try await outbox.emit(NewEvent(id: "m1-waits", type: "MEETING_WAIT", node: "acme-desk", data: #"{"id": "m1"}"#))
        print("new: \(again.isNew), then \(repeated.isNew)")

        // Emitting inside the platform's own transaction: the meeting and its event, or neither.
        try database.execute("BEGIN IMMEDIATE")
        try database.execute("INSERT INTO meeting (id, state) VALUES ('m1', 'started')")
        let started = NewEvent(type: "MEETING_STARTED", node: "acme-desk", data: #"{"id": "m1"}"#)
        let startedID = try outbox.emit(started, inTransactionOf: database.handle)
        try database.execute("COMMIT")
        print("committed \(startedID) with its meeting")

        // What is rolled back was never emitted.
        try database.execute("BEGIN IMMEDIATE")
        _ = try outbox.emit(NewEvent(type: "MEETING_DELETED", node: "acme-desk", data: #"{"id": "m1"}"#), inTransactionOf: database.handle)
        try database.execute("ROLLBACK")

        // What is wrong says so before anything is stored.
        do {
            _ = try await outbox.emit(NewEvent(type: "MEETING_ENDED", node: "nowhere", data: #"{"id": "m1"}"#))
        } catch OutboxError.input(let problem) {
            print("refused: \(problem)")
        }

        // The engine, in this process. Production settings need no configuration; this example calls a server on loopback.
        var configuration = EngineConfiguration()
        configuration.sender.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        let engine = try Engine(outbox: outbox, configuration: configuration) { event in
            if case .attemptFailed(let update) = event { print("attempt \(update.attempt) to \(update.endpoint) failed") }
        }

        // Watching results: ask for the updates before the engine starts, and none is missed.
        let updates = engine.updates()
        try engine.start()
        var delivered = 0
        for await update in updates {
            print("\(update.type) to \(update.endpoint), attempt \(update.attempt): \(update.state.rawValue)")
            if update.state == .delivered { delivered += 1 }
            if delivered == 3 { break }
        }

        // Ending: requests on the wire finish and are recorded.
        try await engine.stop()

        // The outbox has everything that happened.
        for delivery in try await outbox.deliveries().elements {
            print("delivery \(delivery.id): \(delivery.type) \(delivery.state.rawValue) after \(delivery.attempts) attempt")
        }
        print("the customer's server got \(receiver.received) requests")
    }
}
