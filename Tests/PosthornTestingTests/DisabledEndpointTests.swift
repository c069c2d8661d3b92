import Posthorn
import PosthornTesting
import Synchronization
import Testing

/// An endpoint that is disabled by itself, with word before, and comes back slowly.
@Suite(.timeLimit(.minutes(5))) struct DisabledEndpointTests {
    @Test func aFailingEndpointIsAnnouncedDisabledHeldAndComesBackSlowly() async throws {
        let isUp = Mutex(false)
        let test = try TestOutbox { _ in isUp.withLock { $0 } ? .ok : .status(503) }
        _ = try await test.outbox.put(Node(id: "acme", level: .company, notificationEmail: "acme@example.com"))
        var settings = EndpointSettings(id: "crm", node: "acme", url: "https://crm.example/", vendor: .weseedo)
        settings.health = HealthSettings(suspendAfter: 4, disableAfterMilliseconds: 86_400_000)
        _ = try await test.outbox.put(settings)
        let (news, report) = AsyncStream<EngineEvent>.makeStream()
        let engine = try test.engine { report.yield($0) }
        try engine.start()
        var events = news.makeAsyncIterator()
        for _ in 0..<20 { _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}")) }
        var percents: [Int] = []
        var health: EndpointHealth?
        let clock = test.clock
        let outbox = test.outbox
        // A look at the outbox between the steps, so that the engine has its turns too.
        let ticking = Task { while !Task.isCancelled { clock.advance(by: .seconds(60)); _ = try? await outbox.status() } }
        while health == nil, case .some(let event) = await events.next() {
            switch event {
            case .endpointDisabling("crm", let percent, _): percents.append(percent)
            case .endpointDisabled("crm", let found): health = found
            default: break
            }
        }
        ticking.cancel()
        let disabled = try #require(health)
        #expect(percents.last == 90 && percents == percents.sorted())
        #expect(disabled.actor == .engine && disabled.state == .disabled)
        let failed = try #require(disabled.failingSince)
        #expect(disabled.since.milliseconds - failed.milliseconds >= 86_400_000)
        while try await test.outbox.status().endpoints[.disabled] != 1 {}
        #expect(try await test.outbox.endpointHealth()["crm"]?.state == .disabled)
        // Everything that is not used up is held and counted.
        while try await test.outbox.status().deliveries[.pending] ?? 0 > 0 { test.clock.advance(by: .seconds(600)) }
        let counts = try await test.outbox.status().deliveries
        #expect((counts[.held] ?? 0) + (counts[.exhausted] ?? 0) == 20 && (counts[.held] ?? 0) > 0)
        let sent = test.sent.count
        isUp.withLock { $0 = true }
        #expect(try await test.outbox.setEnabled(true, endpoint: "crm") == .active)
        // One request at first.
        while test.sent.count == sent { await Task.yield() }
        while try await test.outbox.status().deliveries[.delivered] ?? 0 < counts[.held] ?? 0 { test.clock.advance(by: .seconds(1)) }
        #expect(try await test.outbox.endpointHealth().isEmpty)
        try await engine.stop()
        let subjects = test.sentMails.filter { "\($0.to)" == "acme@example.com" }.map(\.subject)
        #expect(subjects.contains("Webhook endpoint crm is disabled"))
        #expect(subjects.count { $0 == "Webhook endpoint crm fails and will be disabled" } == percents.count)
    }

    @Test func whenItIsDisabledIsSaidBeforeAndFollowsTheSettings() async throws {
        let test = try TestOutbox { _ in .status(503) }
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        var settings = EndpointSettings(id: "crm", node: "acme", url: "https://crm.example/", vendor: .weseedo)
        _ = try await test.outbox.put(settings)
        func disabling(after days: Int64) async throws {
            while true {
                guard let health = try await test.outbox.endpointHealth()["crm"], let since = health.failingSince else { continue }
                if health.disablesAt == since.advanced(byMilliseconds: days * 86_400_000) { return }
            }
        }
        var configuration = EngineConfiguration()
        configuration.health = HealthPolicy(disableAfterMilliseconds: 10 * 86_400_000)
        let first = try test.engine(configuration)
        try first.start()
        for _ in 0..<3 { _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}")) }
        try await disabling(after: 10)
        // Settings that an endpoint has of its own go first.
        settings.health = HealthSettings(disableAfterMilliseconds: 20 * 86_400_000)
        _ = try await test.outbox.put(settings)
        try await disabling(after: 20)
        settings.health = nil
        _ = try await test.outbox.put(settings)
        try await disabling(after: 10)
        try await first.stop()
        // An engine that was started otherwise says so without another attempt.
        configuration.health = HealthPolicy(disableAfterMilliseconds: 30 * 86_400_000)
        let second = try test.engine(configuration)
        try second.start()
        try await disabling(after: 30)
        try await second.stop()
        #expect(test.sent.count == 3)
    }

    @Test func oneThatIsGoneIsDisabledBySecondAnswer() async throws {
        let test = try TestOutbox { _ in .status(410) }
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        _ = try await test.outbox.put(EndpointSettings(id: "crm", node: "acme", url: "https://crm.example/", vendor: .weseedo))
        var configuration = EngineConfiguration()
        configuration.health = HealthPolicy(disableAfterMilliseconds: nil, goneDisables: true)
        let (news, report) = AsyncStream<EngineEvent>.makeStream()
        let engine = try test.engine(configuration) { report.yield($0) }
        try engine.start()
        var events = news.makeAsyncIterator()
        _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}"))
        while case .some(let event) = await events.next() { if case .attemptFailed = event { break } }
        #expect(try await test.outbox.status().endpoints[.active] == 1)
        test.clock.advance(by: .seconds(60))
        while case .some(let event) = await events.next() { if case .endpointDisabled = event { break } }
        while try await test.outbox.status().deliveries[.held] != 1 { test.clock.advance(by: .seconds(60)) }
        try await engine.stop()
        #expect(test.sent.count == 2)
    }

    /// What waits goes where it was to go; that says nothing of the address that the endpoint has now.
    @Test func answersOfAnAddressThatItHasLeftDoNotDisableIt() async throws {
        let test = try TestOutbox { $0.url.contains("old") ? .status(410) : .ok }
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        _ = try await test.outbox.put(EndpointSettings(id: "crm", node: "acme", url: "https://old.example/", vendor: .weseedo))
        var configuration = EngineConfiguration()
        configuration.health = HealthPolicy(suspendAfter: 2, disableAfterMilliseconds: 3_600_000, goneDisables: true)
        let (news, report) = AsyncStream<EngineEvent>.makeStream()
        let engine = try test.engine(configuration) { report.yield($0) }
        try engine.start()
        var events = news.makeAsyncIterator()
        _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}"))
        while case .some(let event) = await events.next() { if case .attemptFailed = event { break } }
        _ = try await test.outbox.put(EndpointSettings(id: "crm", node: "acme", url: "https://new.example/", vendor: .weseedo))
        while try await test.outbox.status().deliveries[.exhausted] != 1 { test.clock.advance(by: .seconds(60)) }
        #expect(test.sent.count == 5)
        #expect(try await test.outbox.status().endpoints[.active] == 1)
        #expect(try await test.outbox.endpointHealth().isEmpty)
        _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}"))
        while try await test.outbox.status().deliveries[.delivered] != 1 { test.clock.advance(by: .seconds(1)) }
        try await engine.stop()
    }

    @Test func oneThatIsDisabledByHandSaysSo() async throws {
        let test = try TestOutbox { _ in .ok }
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        _ = try await test.outbox.put(EndpointSettings(id: "crm", node: "acme", url: "https://crm.example/", vendor: .weseedo))
        _ = try await test.outbox.setEnabled(false, endpoint: "crm", reason: "they move house")
        let health = try #require(try await test.outbox.endpointHealth()["crm"])
        #expect(health.state == .disabled && health.actor == .hand && health.reason == "they move house")
        _ = try await test.outbox.setEnabled(true, endpoint: "crm")
        #expect(try await test.outbox.endpointHealth().isEmpty)
    }
}
