import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem

/// The flags by which `deliveries` chooses what it lists, and `retry`, `resend` and `cancel` what they change.
enum DeliveryFilterFlags {
    private static let time = "2020-07-15T12:33:14Z, 2020-07-15, or how long ago: 2h"

    /// Those about attempts.
    static let answers: [CommandSpecification.Flag] = [
        .init(
            "error",
            "ERROR",
            isRepeatable: true,
            "only those whose newest attempt failed so: timeout, http_status, … (repeatable)"
        ),
        .init(
            "status-class",
            "DIGIT",
            isRepeatable: true,
            "only those whose newest answer's status is of this hundred, such as 5 (repeatable)"
        ),
        .init("attempts-min", "N", "only those with so many attempts or more"),
    ]

    /// - Parameter states: Those that can be asked for.
    static func flags(_ states: [DeliveryState]) -> [CommandSpecification.Flag] {
        let state = CommandSpecification.Flag("state", "STATE", "only \(states.map(\.rawValue).joined(separator: ", "))")
        return (states.count > 1 ? [state] : []) + [
            .init("endpoint", "ID", "only to this endpoint"),
            .init("node", "ID", "only of events at this node and below"),
            .init("type", "PATTERN", "only of event types that match, such as 'MEETING_*'"),
            .init("event", "ID", "only of this event"),
        ] + (states.count > 1 ? answers : []) + [
            .init("since", "TIME", "only of events since then: \(time)"),
            .init("until", "TIME", "only of events before then, written as for --since"),
        ]
    }

    /// Their names.
    static let words = ["state", "endpoint", "node", "type", "event", "error", "status-class", "attempts-min", "since", "until"]

    /// Those of them that are there.
    static func given(_ arguments: ParsedArguments) -> [String] { words.filter { arguments.has($0) } }

    static func filter(_ arguments: ParsedArguments) throws(UsageProblem) -> DeliveryFilter {
        let now = SystemClock().now()
        var filter = DeliveryFilter()
        filter.state = try arguments.choice("state", DeliveryState.self)
        filter.endpoint = arguments.text("endpoint")
        filter.node = arguments.text("node")
        filter.type = try arguments.pattern("type")
        filter.event = arguments.text("event")
        filter.errors = try arguments.choices("error", AttemptError.self)
        filter.statusClasses = try arguments.integers("status-class", 1...9)
        filter.attemptsAtLeast = try arguments.integer("attempts-min", 0...1_000_000) ?? 0
        filter.since = try arguments.moment("since", before: now)
        filter.until = try arguments.moment("until", before: now)
        return filter
    }
}
