import PosthornModel
import PosthornText

/// A WeSeeDo meeting through its life: at a site by appointment ("personal"), or straight at a company ("direct").
struct WeSeeDoMeeting: Sendable {
    private struct Participant: Sendable {
        let username: String
        let person: Person
        let user: String?
        let id: String
        let hash: String
        let isInitial: Bool
        var sessions: [String] = []
    }

    let id: String
    private let company: WeSeeDoWorld.Party
    /// `nil` for a direct meeting.
    private let site: WeSeeDoWorld.Party?
    private let created: Timestamp
    private let creator: Person
    private let room: (id: String, password: String)
    private var subject: String
    private var from: Timestamp
    private var till: Timestamp
    private var started: Timestamp?
    private var durationSeconds = 0
    private var participants: [Participant]

    init(_ world: WeSeeDoWorld, isDirect: Bool, _ now: Timestamp, _ random: inout SeededGenerator) {
        let site = isDirect ? nil : random.pick(world.sites)
        let company = site.map { world.party($0.parent) } ?? random.pick(world.companies)
        self.site = site
        self.company = company
        id = random.hex(24)
        created = now
        let agent = random.pick(world.users[company.id] ?? [])
        creator = agent
        room = (random.token(32), random.token(30))
        subject = random.pick(["Yearly review", "Claim talk", "First advice", "Handover of the keys"])
        from = isDirect ? now : now.later(seconds: 3600)
        till = from.later(seconds: isDirect ? 7 * 86_400 : 3600)
        participants = [Self.agent(agent, isInitial: true, &random)]
        for _ in 0..<(isDirect ? 1 : random.integer(1...2)) { participants.append(Self.visitor(&random)) }
    }

    private static func agent(_ person: Person, isInitial: Bool, _ random: inout SeededGenerator) -> Participant {
        Participant(
            username: "agent.\(person.id)",
            person: person,
            user: person.id,
            id: random.hex(24),
            hash: random.token(65),
            isInitial: isInitial
        )
    }

    private static func visitor(_ random: inout SeededGenerator) -> Participant {
        let person = random.person()
        return Participant(
            username: "visitor.\(random.token(16))",
            person: person,
            user: nil,
            id: random.hex(24),
            hash: random.token(65),
            isInitial: true
        )
    }

    /// The id of the node where it takes place.
    var node: String { site?.id ?? company.id }

    /// What an event changes about it.
    mutating func apply(_ type: String, _ world: WeSeeDoWorld, _ now: Timestamp, _ random: inout SeededGenerator) {
        switch type {
        case "MEETING_CHANGED":
            subject += " (moved)"
            from = from.later(seconds: 1800)
            till = till.later(seconds: 1800)
        case "MEETING_STARTED", "MEETING_RESTARTED":
            started = now
            for i in participants.indices { participants[i].sessions.append(random.hex(16)) }
        case "MEETING_TAKEOVER", "MEETING_FORWARDED":
            // Another agent of the same company comes in; the visitors stay.
            let others = (world.users[company.id] ?? []).filter { other in participants.allSatisfy { $0.user != other.id } }
            guard !others.isEmpty else { return }
            participants.insert(Self.agent(random.pick(others), isInitial: false, &random), at: 1)
        case "MEETING_ENDED":
            durationSeconds += Int(now.unixSeconds - (started ?? now).unixSeconds)
            started = nil
        default: break
        }
    }

    var data: JSONValue {
        var members: [JSONValue.Member] = [
            .init("id", .string(id)), .init("company", company.withContact), .init("room_id", .string(room.id)),
            .init("room_password", .string(room.password)),
        ]
        if site == nil { members.append(.init("stream_camera_two_way", .bool(true))) }
        members.append(.init("duration", number(durationSeconds)))
        if site != nil { members.append(.init("is_appointment", .bool(true))) }
        members += [
            .init("room_created", .string(created.description)), .init("room_available_from", .string(from.description)),
            .init("room_available_till", .string(till.description)),
            .init("created_by", object(["id": .string(creator.id), "name": .string(creator.name)])),
        ]
        if let site {
            members += [
                .init("site", site.reference), .init("subject", .string(subject)),
                .init("invitation", .string("Your video appointment stands. Open the link at the agreed time.")),
            ]
        }
        members.append(.init("participants", .array(participants.map(text))))
        return .object(members)
    }

    private func text(_ participant: Participant) -> JSONValue {
        var members: [JSONValue.Member] = [.init("username", .string(participant.username))]
        func add(_ key: String, _ value: JSONValue) { members.append(.init(key, value)) }
        // Who walks in without an appointment has left a number and no name.
        if participant.user != nil || site != nil { add("name", .string(participant.person.name)) }
        if participant.user == nil { add("phone", .string(participant.person.phone)) }
        add("id", .string(participant.id))
        if let user = participant.user { add("user", .string(user)) }
        if participant.user != nil || site != nil { add("email", .string(participant.person.email)) }
        add("initial_participant", .bool(participant.isInitial))
        add("sessions", .array(participant.sessions.map { .string($0) }))
        add("hash", .string(participant.hash))
        add("url", .string("https://login.weseedo.example/meeting/\(participant.hash)"))
        return .object(members)
    }
}
