import PosthornModel
import PosthornText

/// Webio: a text goes out, its delivery is reported, an answer comes in, and somebody pays.
struct WebioScenario: VendorScenario {
    struct Cast: Sendable {
        let node: String
        let conversation: String
        let customer: String
        let channel: String
        let phone: String
        var action: Int
    }

    private let sites: StorySites
    private let channels: [String]
    private var lastConversation: Int
    private var lastAction: Int
    private var book = ScriptPlayer<Cast>([
        ["messageSend", "messageStatusUpdate", "inboundMessage", "messageSend", "messageStatusUpdate", "payment"],
        ["inboundMessage", "messageSend", "messageStatusUpdate"],
    ])

    init(_ random: inout SeededGenerator, _ platform: [Node]) {
        sites = StorySites(platform, invented: Node(id: random.hex(24), level: .company, name: random.companyName()))
        channels = ["WhatsApp service desk", random.mobile(), "Collections SMS"]
        lastConversation = random.integer(90_000...99_000)
        lastAction = random.integer(220_000...230_000)
    }

    var nodes: [Node] { sites.nodes }
    var types: [String] { book.types }

    mutating func next(at now: Timestamp, _ random: inout SeededGenerator) -> (type: String, node: String, data: JSONValue) {
        let (channels, sites) = (channels, sites)
        var conversation = lastConversation
        var action = lastAction
        let page = book.next(
            &random,
            cast: { number, script, random in
                conversation += 1
                // A conversation that the customer began has no customer's id.
                return Cast(
                    node: sites.node(ofStory: number),
                    conversation: String(conversation),
                    customer: script == 1 ? "" : random.digits(6),
                    channel: random.pick(channels),
                    phone: random.mobile(),
                    action: 0
                )
            },
            tell: { type, cast, random in
                // A status update is about the message before it; everything else is an action of its own.
                if type != "messageStatusUpdate" {
                    action += 1
                    cast.action = action
                }
                return (type, cast.node, Self.data(type, cast, now, &random))
            }
        )
        (lastConversation, lastAction) = (conversation, action)
        return page
    }

    private static func data(_ type: String, _ cast: Cast, _ now: Timestamp, _ random: inout SeededGenerator) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("conversationId", .string(cast.conversation)),
            .init("communicationActionId", .string(String(cast.action))),
            .init("outboundChannelAddress", .string(cast.phone)),
            .init("inboundChannelAddress", .string(cast.channel)),
            .init("customerUID", .string(cast.customer)),
        ]
        func add(_ key: String, _ value: String) { members.append(.init(key, .string(value))) }
        switch type {
        case "inboundMessage": add("body", random.pick(["Yes please", "How much do I owe?", "I'd rather not", "I paid on Friday"]))
        case "messageSend":
            add("body", random.pick(["Hello, may we help you?", "Your balance is ready to view", "Thank you, all settled"]))
            add("statusCode", "1")
        case "messageStatusUpdate": add("statusCode", "2")
        default:
            add("amount", "\(random.integer(5...250)).\(random.integer(10...99))")
            add("currency", random.pick(["GBP", "EUR"]))
            add("paymentReference", random.token(12).uppercased())
        }
        let text = now.description
        add("dateCreated", text.prefix(10) + " " + text.dropFirst(11).dropLast())
        return .object(members)
    }
}
