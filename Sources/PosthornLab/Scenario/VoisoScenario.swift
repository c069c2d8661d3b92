import PosthornModel
import PosthornText

/// Voiso: calls of a contact centre, taken and hung up, or not taken.
///
/// The members of both payloads, their kinds of values and the dispositions are those of Voiso's public pages
/// (developers.voiso.com, "Call notify" and "Call outcome logging"): moments are Unix seconds with a fraction.
struct VoisoScenario: VendorScenario {
    struct Cast: Sendable {
        let node: String
        let uuid: String
        let agent: Int
        let ani: String
        let dnis: String
        let queue: String
        /// What became of it.
        let disposition: String
        var started: Timestamp
        var answered: Timestamp
    }

    /// The ways in which calls of each kind end that nobody takes.
    static let failures: [(direction: String, dispositions: [String])] = [
        ("inbound", ["missed", "abandoned", "rejected", "system_abandoned", "system_reject"]),
        ("dialer", ["no_answer", "dialer_abandoned", "machine_answered", "answered_by_VM", "busy", "failed"]),
        ("outbound", ["no_answer", "busy", "failed"]),
    ]
    /// Those in which an agent's telephone has rung, or an agent has dialled.
    private static let withAgent: Set<String> = ["answered", "missed", "rejected"]

    struct Agent: Sendable {
        let person: Person
        let number: Int
        let phoneExtension: Int
    }

    private let sites: StorySites
    private let agents: [Agent]
    private let callCentre: String
    private var book = ScriptPlayer<Cast>([
        ["inbound.call.answered", "inbound.call.hangup"], ["dialer.call.answered", "dialer.call.hangup"],
        ["outbound.call.answered", "outbound.call.hangup"],
        // Calls that nobody takes have an outcome alone.
        ["inbound.call.hangup"], ["dialer.call.hangup"], ["outbound.call.hangup"],
    ])

    init(_ random: inout SeededGenerator, _ platform: [Node]) {
        callCentre = random.companyName()
        sites = StorySites(platform, invented: Node(id: random.hex(24), level: .company, name: callCentre))
        agents = (0..<8).map { Agent(person: random.person(), number: 13_100 + $0, phoneExtension: 1200 + $0) }
    }

    var nodes: [Node] { sites.nodes }
    var types: [String] { book.types }

    mutating func next(at now: Timestamp, _ random: inout SeededGenerator) -> (type: String, node: String, data: JSONValue) {
        let (agents, callCentre, sites) = (agents, callCentre, sites)
        let page = book.next(
            &random,
            cast: { number, script, random in
                Cast(
                    node: sites.node(ofStory: number),
                    uuid: random.uuid(),
                    agent: random.below(agents.count),
                    ani: random.mobile(),
                    dnis: random.mobile(),
                    queue: random.pick(["first_line", "billing", "sales"]),
                    disposition: Self.disposition(ofStory: number, script),
                    started: now,
                    answered: now
                )
            },
            tell: { type, cast, random -> (String, String, JSONValue) in
                let direction = String(type.prefix { $0 != "." })
                // It has rung until somebody took it or it ended, whatever happened elsewhere since the story began.
                if type.hasSuffix("answered") || cast.disposition != "answered" {
                    cast.answered = now
                    cast.started = now.later(seconds: -random.integer(3...25))
                }
                if type.hasSuffix("answered") {
                    return (type, cast.node, Self.notify(direction, cast, agents[cast.agent], callCentre))
                }
                return (type, cast.node, Self.outcome(direction, cast, agents[cast.agent], now))
            }
        )
        return page
    }

    /// Each kind of call that nobody takes comes round with its dispositions in turn.
    private static func disposition(ofStory story: Int, _ script: Int) -> String {
        guard script >= failures.count else { return "answered" }
        let dispositions = failures[script - failures.count].dispositions
        return dispositions[story / (2 * failures.count) % dispositions.count]
    }

    /// Seconds with three decimals: `1630664544.661`.
    private static func seconds(_ milliseconds: Int64) -> JSONValue {
        let magnitude = milliseconds.magnitude
        let text = "\(magnitude / 1000).\(String(magnitude % 1000 + 1000).dropFirst())"
        return .number(milliseconds < 0 ? "-" + text : text)
    }

    /// Plain members alone: Call Notify may be a GET, which carries no nested ones.
    private static func notify(_ direction: String, _ cast: Cast, _ agent: Agent, _ callCentre: String) -> JSONValue {
        object([
            "callcenter": .string(callCentre),
            "type": .string(direction),
            "uuid": .string(cast.uuid),
            "agent_extension": .string(String(agent.phoneExtension)),
            "agent_name": .string(agent.person.name),
            "agent_email": .string(agent.person.email),
            "agent_id": number(agent.number),
            "queue_name": .string(direction == "inbound" ? cast.queue : ""),
            "script_name": .string(direction == "dialer" ? "autumn_campaign" : ""),
            "call_start_time": seconds(cast.started.milliseconds),
            "agent_start_time": seconds(cast.answered.milliseconds),
            "ani": .string(cast.ani),
            "dnis": .string(cast.dnis),
        ])
    }

    private static func outcome(_ direction: String, _ cast: Cast, _ agent: Agent, _ now: Timestamp) -> JSONValue {
        let hasAgent = withAgent.contains(cast.disposition) || direction == "outbound"
        return object([
            "uuid": .string(cast.uuid),
            "agent_extension": .string(hasAgent ? String(agent.phoneExtension) : ""),
            "start_time": seconds(cast.started.milliseconds),
            "end_time": seconds(now.milliseconds),
            "type": .string(direction),
            "duration": seconds(now.milliseconds - cast.started.milliseconds),
            "disposition": .string(cast.disposition),
            "ani": .string(cast.ani),
            "dnis": .string(cast.dnis),
        ])
    }
}
