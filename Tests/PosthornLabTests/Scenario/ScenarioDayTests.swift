import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornLab

/// A day of each vendor holds all that the vendor's page names. The lists are the pages', written out here.
@Suite(.limited()) struct ScenarioDayTests {
    private func day(of vendor: ScenarioVendor, count: Int) -> [ScenarioEvent] {
        let start = Timestamp(milliseconds: 1_740_960_000_000)
        return Simulation(vendor, count: count, pace: .day, faults: SimulationFaults(), seed: 0, start: start).departures.map(\.event)
    }

    /// The texts that a member has in the data of events of one type.
    private func values(_ member: String, of types: [String], _ events: [ScenarioEvent]) throws -> Set<String> {
        var found: Set<String> = []
        for event in events where types.contains(event.type) {
            if case .string(let text) = try JSONValue.parse(event.data)[member] { found.insert(text) }
        }
        return found
    }

    static let types: [(ScenarioVendor, [String])] = [
        (
            .weseedo,
            [
                "MEETING_CREATED", "MEETING_STARTED", "MEETING_RESTARTED", "MEETING_ENDED", "MEETING_CHANGED", "MEETING_TAKEOVER",
                "MEETING_WAIT", "MEETING_DECLINED", "MEETING_FORWARDED", "MEETING_DELETED", "USER_CREATED", "USER_CHANGED",
                "USER_DELETED", "SITE_CREATED", "SITE_CHANGED", "SITE_DELETED", "COMPANY_CREATED", "COMPANY_CHANGED",
                "COMPANY_DELETED", "DEALER_CREATED", "DEALER_CHANGED", "DEALER_DELETED",
            ]
        ),
        (
            .diio,
            [
                "meeting.in_progress", "meeting.pending", "meeting.finished", "meeting.error", "phone_call.in_progress",
                "phone_call.pending", "phone_call.error", "conversation.processed", "message.in", "message.out",
            ]
        ),
        (
            .conference,
            [
                "conference_start", "conference_end", "start_recording", "stop_recording", "start_streaming", "stop_streaming",
                "recording_ready", "transcription_ready", "enter_livestream", "leave_livestream", "stream_preview_updated",
                "profile_picture_upload_success", "profile_picture_upload_failure", "enter_conference", "leave_conference",
                "dialout_status_change", "participant_role_changed", "start_broadcasting", "stop_broadcasting", "drive_file_added",
                "drive_file_deleted", "one_time_access_code_reused",
            ]
        ),
        (.webio, ["inboundMessage", "messageSend", "messageStatusUpdate", "payment"]),
        (
            .voiso,
            [
                "inbound.call.answered", "inbound.call.hangup", "dialer.call.answered", "dialer.call.hangup",
                "outbound.call.answered", "outbound.call.hangup",
            ]
        ),
        // The specification names no types; these are the shop's.
        (
            .standard,
            [
                "customer.created", "customer.updated", "customer.deleted", "order.created", "order.paid", "order.shipped",
                "order.delivered", "order.refunded", "order.cancelled", "invoice.created", "invoice.payment_failed", "invoice.paid",
            ]
        ),
    ]

    /// 100 events are what simulate sends unless it is told otherwise.
    @Test(arguments: types)
    func aDayHasEachTypeOfTheVendorsPage(_ vendor: ScenarioVendor, _ types: [String]) {
        #expect(Set(day(of: vendor, count: 100).map(\.type)) == Set(types))
        #expect(Set(Scenario(vendor, seed: 0).types) == Set(types))
    }

    @Test func aDayOfDiioHasEachCauseOfErrorAndBothWaysOfAMessage() throws {
        let events = day(of: .diio, count: 500)
        #expect(
            try values("error_cause", of: ["meeting.error"], events) == [
                "without_start_time", "recurring_event", "without_external_participants", "meeting_without_conference_url",
                "too_many_sellers", "user_without_seat", "bot_errored", "bot_errored_by_platform", "bot_cant_enter_meeting",
                "no_participants_or_host", "bot_not_accepted", "recording_permission_denied", "couldnt_download_video",
                "couldnt_be_transcribed", "blank_transcript", "transcript_too_short", "couldnt_find_playbook",
                "meeting_already_started_or_ended", "meeting_manually_deactivated",
            ]
        )
        #expect(
            try values("error_cause", of: ["phone_call.error"], events) == [
                "couldnt_download_audio", "couldnt_be_transcribed", "blank_transcript", "transcript_too_short", "couldnt_find_playbook",
                "voicemail", "wrong_number", "rejected", "reschedule_request",
            ]
        )
        #expect(try values("message_type", of: ["message.in", "message.out"], events) == ["message-in", "message-out"])
        #expect(try values("analyzed_status", of: ["conversation.processed"], events) == ["processed"])
    }

    @Test func aDayOfConferencesHasEachStateReasonAndRole() throws {
        let events = day(of: .conference, count: 500)
        let ways: Set = ["user_exit", "user_dropped", "host_kicked", "host_kicked_blocked"]
        #expect(try values("reason_for_leaving", of: ["leave_conference"], events) == ways)
        #expect(try values("reason_for_leaving", of: ["leave_livestream"], events) == ways)
        #expect(
            try values("status", of: ["dialout_status_change"], events)
                == ["new", "dialed", "answered", "rejected", "noanswer", "cancelled", "notenabled"]
        )
        let roles: Set = ["organizer", "moderator", "participant"]
        #expect(try values("participant_role", of: ["enter_conference", "leave_conference", "participant_role_changed"], events) == roles)
        let links = try values("download_link", of: ["recording_ready"], events)
        #expect(links.contains { $0.hasSuffix(".mp3") } && links.contains { $0.hasSuffix(".mp4") })
    }

    /// The dispositions of Voiso's public page on call outcomes, each with a kind of call in which it can be.
    @Test func aDayOfVoisoHasCallsOfAllKindsWithEachOutcome() throws {
        let events = day(of: .voiso, count: 500)
        func outcomes(_ direction: String) throws -> Set<String> {
            #expect(try values("type", of: ["\(direction).call.answered", "\(direction).call.hangup"], events) == [direction])
            return try values("disposition", of: ["\(direction).call.hangup"], events)
        }
        let (inbound, dialer, outbound) = (try outcomes("inbound"), try outcomes("dialer"), try outcomes("outbound"))
        #expect(inbound == ["answered", "missed", "abandoned", "rejected", "system_abandoned", "system_reject"])
        #expect(outbound == ["answered", "no_answer", "busy", "failed"])
        #expect(
            inbound.union(dialer).union(outbound) == [
                "answered", "failed", "busy", "no_answer", "missed", "abandoned", "rejected", "dialer_abandoned", "system_abandoned",
                "answered_by_VM", "system_reject", "machine_answered",
            ]
        )
    }

    @Test func aDayOfWebioHasMessagesOfCustomersAndOfThePlatform() throws {
        let events = day(of: .webio, count: 100)
        #expect(try values("statusCode", of: ["messageSend"], events) == ["1"])
        #expect(try values("statusCode", of: ["messageStatusUpdate"], events) == ["2"])
        // A conversation that the customer began has no customer's id.
        let customers = try values("customerUID", of: ["messageSend"], events)
        #expect(customers.contains("") && customers.count > 1)
    }
}
