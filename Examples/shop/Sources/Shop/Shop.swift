// A shop that notifies its customers' systems of orders. Every step checks what it expects, so that this is an example and a test:
//
//     swift run --package-path Examples/shop

import CSQLite
import Migrations
import Posthorn
import PosthornTesting

@main
struct Shop {
    static func main() async throws {
        try await runsAsATask()
        try await hasAPageForItsCustomers()
        try await commitsOrdersAndEventsTogether()
        try await watchesItsWebhooks()
        try await isObserved()
        try await isAService()
        try await testsADayOfRetries()
        print("shop: all as expected")
    }

    /// The engine's life is a task's: cancelling it drains, as `run()` of a service does.
    static func runsAsATask() async throws {
        let test = try await shop { _ in .ok }
        let engine = try test.engine()
        let updates = engine.updates()
        let service = Task { try await engine.run() }
        var paid = order("1", "ORDER_PAID")
        paid.headers = [EventHeader(name: "x-shop", value: "north")]
        let emitted = try await test.outbox.emit([order("1", "ORDER_PLACED"), paid])
        expect(emitted.allSatisfy { $0.isNew && $0.deliveries == 1 }, "two events for one endpoint")
        var delivered = 0
        for await update in updates {
            expect(update.droppedBefore == 0, "no update is lost")
            if update.state == .delivered { delivered += 1 }
            if delivered == 2 { break }
        }
        service.cancel()
        try await service.value
        expect(test.sent.count == 2, "two requests")
        expect(test.sent.compactMap { $0.header("x-shop") } == ["north"], "an event's headers go out with it")
    }

    /// What the shop's own page about webhooks shows and changes.
    static func hasAPageForItsCustomers() async throws {
        let test = try await shop { _ in .status(500, body: "sorry") }
        let outbox = test.outbox
        _ = try await outbox.emit([order("1", "ORDER_PLACED"), order("2", "ORDER_PLACED"), order("3", "ORDER_PLACED")])
        try await test.settle()
        let page = try await outbox.deliveries(.newest, limit: 2)
        expect(page.elements.count == 2 && page.next != nil, "a page of two, and more")
        expect(page.elements[0].last?.status == 500, "the last answer is on the delivery")
        let rest = try await outbox.deliveries(.newest, after: page.next, limit: 2)
        expect(rest.elements.count == 1 && rest.next == nil, "the last page")
        // The customer corrects the URL; the secret stays, and is not shown.
        let changes = try await outbox.updateEndpoint("crm") { $0.url = "https://crm.example/new" }
        expect(changes.count == 1, "one change")
        expect(!"\(try await outbox.endpoint("crm").settings)".contains("whsec_"), "no secret is printed")
        expect(try await outbox.retry(.all(in: .exhausted, endpoint: "crm")).retried == 3, "retried by state")
        do throws(OutboxError) {
            _ = try await outbox.event("never")
        } catch {
            expect(error.code == "not_found", "errors have a code")
        }
        let rotation = try await outbox.rotate(endpoint: "crm")
        expect(rotation.shownOnce != nil && !"\(rotation)".contains("whsec_"), "the new secret is given, and not printed")
        expect(try await outbox.removeEndpoint("crm", cancelsWaiting: true) == 3, "what waits is cancelled")
        let cutoff = Timestamp(milliseconds: test.clock.now().milliseconds + 1)
        expect(try await outbox.prune(settledBefore: cutoff).deliveries > 0, "what has ended is deleted")
    }

    /// An order and its event are stored together or not at all.
    static func commitsOrdersAndEventsTogether() async throws {
        let test = try await shop { _ in .ok }
        var connection: OpaquePointer?
        guard sqlite3_open(test.outbox.path, &connection) == SQLITE_OK, let connection else { fatalError("the file opens") }
        defer { sqlite3_close(connection) }
        func execute(_ sql: String) { expect(sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK, sql) }
        execute("PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; \(ShopTables.statement)")
        execute("BEGIN IMMEDIATE; INSERT INTO shop_order VALUES ('1', 'paid')")
        _ = try test.outbox.emit(order("1", "ORDER_PAID"), inTransactionOf: connection)
        execute("COMMIT")
        do throws(OutboxError) {
            _ = try test.outbox.emit(order("2", "ORDER_PAID"), inTransactionOf: connection)
            fatalError("without a transaction the event is refused")
        } catch {
            expect(error.code == "connection", "the connection is refused")
        }
        try await test.settle()
        expect(test.sent.map(\.type) == ["ORDER_PAID"], "what was committed went out")
    }

    /// What a log and a metric get.
    static func watchesItsWebhooks() async throws {
        let test = try await shop { $0.attempt == 1 ? .status(503) : .ok }
        let (events, told) = AsyncStream<EngineEvent>.makeStream()
        let engine = try test.engine(EngineConfiguration(untilSettled: true)) { told.yield($0) }
        let updates = engine.updates()
        _ = try await test.outbox.emit(order("1", "ORDER_PAID"))
        try engine.start()
        for await update in updates { if let next = update.nextAttemptAt { test.clock.advance(to: next) } }
        try await engine.stop()
        told.finish()
        var lines: [String] = []
        for await event in events { lines.append("\(event.severity) \(event.name) \(event.metadata["error"] ?? "")") }
        expect(lines.contains("warning attempt_failed http_status"), "the failure is logged with its class: \(lines)")
        expect(engine.statistics.delivered == 1, "and counted")
    }

    /// Five attempts over a day, in a moment.
    static func testsADayOfRetries() async throws {
        let test = try await shop { $0.attempt < 5 ? .status(503) : .ok }
        let start = test.clock.now()
        _ = try await test.outbox.emit(order("1", "ORDER_PAID"))
        try await test.settle()
        let hours = test.sent.map { Double($0.time.milliseconds - start.milliseconds) / 3_600_000 }
        expect(hours.count == 5 && hours[3] == 1 && hours[4] == 24, "at once, after 1 and 10 minutes, 1 and 24 hours: \(hours)")
    }

    static func shop(answer: @escaping @Sendable (SentRequest) -> Answer) async throws -> TestOutbox {
        let test = try TestOutbox(answer: answer)
        _ = try await test.outbox.put(Node(id: "acme", level: .company, name: "Acme"))
        let endpoint = EndpointSettings(
            id: "crm",
            node: "acme",
            url: "https://crm.example/hooks",
            vendor: .standard,
            credentials: ["secret": .string("whsec_c3dpZnQtcGxhdGZvcm0tZXhhbXBsZS1zZWNyZXQ=")]
        )
        _ = try await test.outbox.put(endpoint)
        return test
    }

    static func order(_ number: String, _ type: String) -> NewEvent {
        NewEvent(id: "\(type)-\(number)", type: type, node: "acme", data: #"{"order": "\#(number)"}"#)
    }

    static func expect(_ isTrue: Bool, _ what: String) {
        if !isTrue { fatalError("not as expected: \(what)") }
    }
}
