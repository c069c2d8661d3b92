extension KnownEventType {
    /// diio: meetings, calls and messages that are recorded and analysed.
    static let diio: [KnownEventType] = [
        ("meeting.pending", "A meeting is planned and waits to be recorded.", meeting("pending")),
        ("meeting.in_progress", "A meeting is being recorded or analysed.", meeting("in_progress")),
        ("meeting.finished", "The analysis of a meeting is ready.", meeting("finished")),
        ("meeting.error", "A meeting could not be recorded or analysed.", meeting("error", cause: "bot_not_accepted")),
        ("phone_call.pending", "A call waits to be analysed.", call("pending")),
        ("phone_call.in_progress", "A call is being analysed.", call("in_progress")),
        ("phone_call.error", "A call could not be analysed.", call("error", cause: "voicemail")),
        ("message.in", "A customer has written a message.", message("message-in", "Could you call me tomorrow?")),
        ("message.out", "A seller has written a message.", message("message-out", "Of course.")),
        (
            "conversation.processed", "The analysis of a conversation is ready.",
            #"{"id":"5b1f","integration_type":"WhatsappConversation","messages_count":3,"analyzed_status":"processed"}"#
        ),
    ].map { KnownEventType(.diio, $0, $1, $2) }

    private static func text(_ text: String?) -> String { text.map { #""\#($0)""# } ?? "null" }

    private static func meeting(_ status: String, cause: String? = nil) -> String {
        #"{"id":"5b1e","name":"Demo","scheduled_at":"2026-11-28T20:15:00.000+00:00","analyzed_status":"\#(status)","#
            + #""error_cause":\#(text(cause))}"#
    }

    private static func call(_ status: String, cause: String? = nil) -> String {
        #"{"id":"5b20","name":"Call Jansen","ocurred_at":"2026-11-28T20:15:00.000+00:00","analyzed_status":"\#(status)","#
            + #""error_cause":\#(text(cause))}"#
    }

    private static func message(_ type: String, _ body: String) -> String {
        #"{"id":"5b21","message_type":"\#(type)","conversation_id":"5b1f","body":"\#(body)"}"#
    }

    /// Webio: messages of conversations with customers, and payments.
    static let webio: [KnownEventType] = [
        ("inboundMessage", "A customer has written a message.", #","body":"How much do I owe?""#),
        ("messageSend", "A message was sent to a customer.", #","body":"Your balance is ready to view","statusCode":"1""#),
        ("messageStatusUpdate", "The delivery report of a message that was sent.", #","statusCode":"2""#),
        ("payment", "A customer has paid.", #","amount":"42.50","currency":"EUR","paymentReference":"PAY0001""#),
    ].map { type, summary, more in
        let start = #"{"conversationId":"97847","communicationActionId":"220859","outboundChannelAddress":"447700900123","#
        let middle = #""inboundChannelAddress":"Service desk","customerUID":"123456""#
        return KnownEventType(.webio, type, summary, "\(start)\(middle)\(more),\"dateCreated\":\"2026-11-28 20:15:00.000\"}")
    }

    /// Voiso: calls of a call centre, by who called whom.
    static let voiso: [KnownEventType] = [
        ("inbound", "a customer's call"), ("outbound", "an agent's call"), ("dialer", "a call of the dialler"),
    ].flatMap { direction, what in
        let call = #"{"uuid":"7d1c","type":"\#(direction)","agent_extension":"1200","#
        let numbers = #""ani":"442071838750","dnis":"442071838751"}"#
        return [
            KnownEventType(
                .voiso,
                "\(direction).call.answered",
                "An agent talks: \(what) was answered.",
                call + #""agent_name":"Ada Smit","call_start_time":1795900500.661,"agent_start_time":1795900512.020,"# + numbers
            ),
            KnownEventType(
                .voiso,
                "\(direction).call.hangup",
                "It is over: \(what) has ended, answered or not.",
                call + #""start_time":1795900500.661,"end_time":1795900588.100,"duration":87.439,"disposition":"answered","# + numbers
            ),
        ]
    }
}
