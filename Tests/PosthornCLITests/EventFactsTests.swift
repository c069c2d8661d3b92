import Posthorn
import PosthornModel
import PosthornSending
import PosthornText
import Testing

@testable import PosthornCLI

/// A platform's log and that of `posthorn run` call the same things by the same names.
@Suite struct EventFactsTests {
    private static func update(_ state: DeliveryState) -> DeliveryUpdate {
        DeliveryUpdate(
            delivery: 17,
            event: "e1",
            type: "T",
            endpoint: "crm",
            attempt: 2,
            outcome: AttemptOutcome(
                started: Timestamp(milliseconds: 0),
                durationMicroseconds: 1,
                status: 503,
                error: .status,
                errorText: "answered 503"
            ),
            state: state,
            nextAttemptAt: state == .pending ? Timestamp(milliseconds: 60_000) : nil
        )
    }

    private static let events: [EngineEvent] = [
        .standingBy(owner: 7), .standingBy(owner: nil), .started, .topologyRead(endpoints: 3), .attemptFailed(update(.pending)),
        .attemptFailed(update(.exhausted)), .endpointVerified(endpoint: "crm"),
        .endpointNotVerified(endpoint: "crm", reason: "no answer", nextTryAt: Timestamp(milliseconds: 1)),
        .endpointNotVerified(endpoint: "crm", reason: "no answer", nextTryAt: nil), .endpointBroken(endpoint: "crm", reason: "no key"),
        .endpointMended(endpoint: "crm"), .descriptorsUsedUp, .descriptorsRecovered, .machineFault(.route, detail: "no route"),
        .machineFaultOver(.route), .logHeldBack(bytes: 1), .logReleased, .storageRecovered, .claimRecovered, .strayDelivery(17), .draining,
        .shardsLost(count: 64), .drainCut(requests: 2), .eventsDropped(count: 3), .workRecovered(.jobs), .stopped,
    ]

    @Test(arguments: events.indices)
    func anEventHasTheNameSeverityAndFieldsOfItsLogLine(_ index: Int) {
        let event = Self.events[index]
        let record = LogRecord(event)
        #expect(event.name == record.event)
        let levels: [EngineEvent.Severity: LogRecord.Level] = [.info: .info, .warning: .warn, .error: .error]
        #expect(levels[event.severity] == record.level, "\(event)")
        #expect(Set(event.metadata.keys) == Set(record.fields.map(\.name)), "\(event)")
        for field in record.fields {
            switch field.value {
            case .text(let text): #expect(event.metadata[field.name] == text)
            case .number(let number): #expect(event.metadata[field.name] == "\(number)")
            }
        }
    }
}
