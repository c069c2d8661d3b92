import PosthornModel
import PosthornText

/// diio: meetings, calls and message conversations that are listened to and analysed.
///
/// The page names actions for meetings and calls only; those of conversations and messages follow their pattern.
struct DiioScenario: VendorScenario {
    struct Cast: Sendable {
        let node: String
        let id: String
        let name: String
        let people: [Person]
        let scheduled: Timestamp?
        let contact: String
        let number: Int
    }

    static let meetingErrors = [
        "without_start_time", "recurring_event", "without_external_participants", "meeting_without_conference_url",
        "too_many_sellers", "user_without_seat", "bot_errored", "bot_errored_by_platform", "bot_cant_enter_meeting",
        "no_participants_or_host", "bot_not_accepted", "recording_permission_denied", "couldnt_download_video",
        "couldnt_be_transcribed", "blank_transcript", "transcript_too_short", "couldnt_find_playbook",
        "meeting_already_started_or_ended", "meeting_manually_deactivated",
    ]
    static let callErrors = [
        "couldnt_download_audio", "couldnt_be_transcribed", "blank_transcript", "transcript_too_short", "couldnt_find_playbook",
        "voicemail", "wrong_number", "rejected", "reschedule_request",
    ]

    private let sites: StorySites
    private let sellers: [Person]
    private var book = ScriptPlayer<Cast>([
        ["meeting.pending", "meeting.in_progress", "meeting.finished"],
        ["phone_call.in_progress", "phone_call.pending"],
        ["meeting.pending", "meeting.error"],
        ["phone_call.in_progress", "phone_call.error"],
        ["message.in", "message.out", "message.in", "conversation.processed"],
    ])
    private var meetingFailures = 0
    private var callFailures = 0

    init(_ random: inout SeededGenerator, _ platform: [Node]) {
        sites = StorySites(platform, invented: Node(id: random.hex(24), level: .company, name: random.companyName()))
        sellers = (0..<6).map { _ in random.person() }
    }

    var nodes: [Node] { sites.nodes }
    var types: [String] { book.types }

    mutating func next(at now: Timestamp, _ random: inout SeededGenerator) -> (type: String, node: String, data: JSONValue) {
        let (sellers, sites) = (sellers, sites)
        var failures = (meetings: meetingFailures, calls: callFailures)
        let page = book.next(
            &random,
            cast: { number, _, random in Self.cast(number, sites.node(ofStory: number), sellers, now, &random) },
            tell: { type, cast, random in (type, cast.node, Self.data(type, cast, now, &failures, &random)) }
        )
        (meetingFailures, callFailures) = failures
        return page
    }

    private static func cast(
        _ number: Int,
        _ node: String,
        _ sellers: [Person],
        _ now: Timestamp,
        _ random: inout SeededGenerator
    ) -> Cast {
        let guests = (0..<random.integer(1...3)).map { _ in random.person() }
        return Cast(
            node: node,
            id: random.uuid(),
            name: "\(random.pick(["First talk", "Demo", "Renewal", "Follow-up", "Price talk"])) \(guests[0].last)",
            people: [random.pick(sellers)] + guests,
            scheduled: Timestamp(milliseconds: now.unixSeconds / 900 * 900_000),
            contact: random.mobile(),
            number: number
        )
    }

    /// Causes come in turn, so that each is met.
    private static func data(
        _ type: String,
        _ cast: Cast,
        _ now: Timestamp,
        _ failures: inout (meetings: Int, calls: Int),
        _ random: inout SeededGenerator
    ) -> JSONValue {
        let status = String(type.split(separator: ".")[1])
        switch type {
        case "meeting.error":
            failures.meetings += 1
            return meeting(cast, status, now, error: meetingErrors[(failures.meetings - 1) % meetingErrors.count])
        case "phone_call.error":
            failures.calls += 1
            return call(cast, status, now, error: callErrors[(failures.calls - 1) % callErrors.count])
        case "message.in", "message.out": return message(cast, type, now, &random)
        case "conversation.processed": return conversation(cast, now)
        default: return type.hasPrefix("meeting") ? meeting(cast, status, now, error: nil) : call(cast, status, now, error: nil)
        }
    }

    private static func meeting(_ cast: Cast, _ status: String, _ now: Timestamp, error: String?) -> JSONValue {
        let hasBegun = status == "in_progress" || status == "finished"
        let scheduled = error == "without_start_time" ? nil : cast.scheduled
        return object([
            "id": .string(cast.id),
            "name": .string(cast.name),
            "scheduled_at": scheduled.map { .string($0.withNumericZone) } ?? .null,
            "attendees_tracker": .array(hasBegun ? attendees(cast) : []),
            "analyzed_status": .string(status),
            "error_cause": error.map { .string($0) } ?? .null,
        ])
    }

    /// The host comes first, the others in the minutes after; times have microseconds, as on diio's page.
    private static func attendees(_ cast: Cast) -> [JSONValue] {
        cast.people.enumerated().map { i, person in
            let micros = (cast.number * 7919 + i * 104_729) % 1_000_000
            let joined = (cast.scheduled ?? Timestamp(milliseconds: 0)).later(seconds: 20 + i * 37)
            let fraction = String(micros + 1_000_000).dropFirst()
            return object([
                "join": .string(joined.description.prefix(19) + "." + fraction + "Z"),
                "name": .string(person.name),
                "is_host": .bool(i == 0),
            ])
        }
    }

    private static func call(_ cast: Cast, _ status: String, _ now: Timestamp, error: String?) -> JSONValue {
        object([
            "id": .string(cast.id),
            "name": .string("Call \(cast.people[1].name)"),
            "ocurred_at": .string((cast.scheduled ?? now).withNumericZone),
            "analyzed_status": .string(status),
            "error_cause": error.map { .string($0) } ?? .null,
        ])
    }

    private static func message(_ cast: Cast, _ type: String, _ now: Timestamp, _ random: inout SeededGenerator) -> JSONValue {
        let isIncoming = type == "message.in"
        let bodies =
            isIncoming
            ? ["Could you call me tomorrow?", "Got it, many thanks", "What does it cost?"] : ["Of course", "I have sent it over"]
        return object([
            "id": .string(random.uuid()),
            "message_type": .string(isIncoming ? "message-in" : "message-out"),
            "conversation_id": .string(cast.id),
            "from": .string(isIncoming ? cast.contact : cast.people[0].name),
            "body": .string(random.pick(bodies)),
            "sent_at": .string(now.withNumericZone),
        ])
    }

    private static func conversation(_ cast: Cast, _ now: Timestamp) -> JSONValue {
        object([
            "id": .string(cast.id),
            "integration_type": .string("WhatsappConversation"),
            "contact": .string(cast.contact),
            "seller": .string(cast.people[0].name),
            "messages_count": number(3),
            "last_message_at": .string(now.withNumericZone),
            "analyzed_status": .string("processed"),
        ])
    }
}
