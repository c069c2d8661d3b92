import PosthornModel

/// Voiso: calls of a contact centre, answered and hung up.
struct VoisoStage: Stage {
    struct Cast: Sendable {
        let node: String
        let uuid: String
        let agent: Int
        let ani: String
        let dnis: String
        let queue: String
        var started: Timestamp
        var answered: Timestamp
    }

    struct Agent: Sendable {
        let person: Person
        let number: Int
        let phoneExtension: Int
    }

    private let places: Places
    private let agents: [Agent]
    private let callCentre: String
    private var book = StoryBook<Cast>([
        ["inbound.call.answered", "inbound.call.hangup"], ["dialer.call.answered", "dialer.call.hangup"],
        ["outbound.call.answered", "outbound.call.hangup"],
    ])

    init(_ random: inout SeededGenerator, _ platform: [Node]) {
        callCentre = random.companyName()
        places = Places(platform, invented: Node(id: random.hex(24), level: .company, name: callCentre))
        agents = (0..<8).map { Agent(person: random.person(), number: 13_100 + $0, phoneExtension: 1200 + $0) }
    }

    var nodes: [Node] { places.nodes }
    var types: [String] { book.types }

    mutating func next(at now: Timestamp, _ random: inout SeededGenerator) -> (type: String, node: String, data: JSONValue) {
        let (agents, callCentre, places) = (agents, callCentre, places)
        let page = book.turnPage(
            &random,
            cast: { number, _, random in
                Cast(
                    node: places.node(ofStory: number),
                    uuid: random.uuid(),
                    agent: random.below(agents.count),
                    ani: random.mobile(),
                    dnis: random.mobile(),
                    queue: random.pick(["first_line", "billing", "sales"]),
                    started: now,
                    answered: now
                )
            },
            tell: { type, cast, random -> (String, String, JSONValue) in
                let direction = String(type.prefix { $0 != "." })
                if type.hasSuffix("answered") {
                    cast.answered = now
                    cast.started = now.later(seconds: -random.integer(3...25))
                    return (type, cast.node, Self.notify(direction, cast, agents[cast.agent], callCentre))
                }
                return (type, cast.node, Self.outcome(direction, cast, agents[cast.agent], now))
            }
        )
        return page
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
            "agent_id": .string(String(agent.number)),
            "queue_name": .string(direction == "inbound" ? cast.queue : ""),
            "script_name": .string(direction == "dialer" ? "autumn_campaign" : ""),
            "call_start_time": .string(cast.started.withNumericZone),
            "agent_start_time": .string(cast.answered.withNumericZone),
            "ani": .string(cast.ani),
            "dnis": .string(cast.dnis),
        ])
    }

    private static func outcome(_ direction: String, _ cast: Cast, _ agent: Agent, _ now: Timestamp) -> JSONValue {
        object([
            "uuid": .string(cast.uuid),
            "agent_extension": .string(String(agent.phoneExtension)),
            "start_time": .string(cast.started.withNumericZone),
            "end_time": .string(now.withNumericZone),
            "type": .string(direction),
            "duration": number(Int(now.unixSeconds - cast.started.unixSeconds)),
            "disposition": .string("answered"),
            "ani": .string(cast.ani),
            "dnis": .string(cast.dnis),
        ])
    }
}
