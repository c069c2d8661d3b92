import PosthornModel
import PosthornText

/// WeSeeDo: meetings at sites and companies, and the users, sites, companies and dealers that come, change and go.
struct WeSeeDoScenario: VendorScenario {
    struct Cast: Sendable {
        /// What the story is about.
        enum Subject: Sendable {
            case meeting(WeSeeDoMeeting)
            case user(Person, company: WeSeeDoWorld.Party)
            case party(WeSeeDoWorld.Party)
        }

        var subject: Subject
        let since: Timestamp
        /// How often the subject was changed.
        var changes = 0
    }

    private static let scripts: [[String]] = [
        ["MEETING_CREATED", "MEETING_STARTED", "MEETING_WAIT", "MEETING_ENDED"],
        ["MEETING_CREATED", "MEETING_CHANGED", "MEETING_STARTED", "MEETING_ENDED", "MEETING_RESTARTED", "MEETING_ENDED"],
        ["USER_CREATED", "USER_CHANGED", "USER_DELETED"],
        ["MEETING_CREATED", "MEETING_STARTED", "MEETING_TAKEOVER", "MEETING_ENDED"],
        ["MEETING_CREATED", "MEETING_CHANGED", "MEETING_DELETED"],
        ["SITE_CREATED", "SITE_CHANGED", "SITE_DELETED"],
        ["MEETING_CREATED", "MEETING_DECLINED", "MEETING_FORWARDED", "MEETING_STARTED", "MEETING_ENDED"],
        ["COMPANY_CREATED", "COMPANY_CHANGED", "COMPANY_DELETED"],
        ["DEALER_CREATED", "DEALER_CHANGED", "DEALER_DELETED"],
    ]

    private let world: WeSeeDoWorld
    private var book = ScriptPlayer<Cast>(scripts)

    init(_ random: inout SeededGenerator, _ platform: [Node]) {
        world = platform.isEmpty ? WeSeeDoWorld(&random) : WeSeeDoWorld(&random, on: platform)
    }

    var nodes: [Node] { world.nodes }
    var types: [String] { book.types }

    mutating func next(at now: Timestamp, _ random: inout SeededGenerator) -> (type: String, node: String, data: JSONValue) {
        let world = world
        return book.next(
            &random,
            cast: { number, script, random in
                Cast(subject: Self.subject(number, Self.scripts[script], world, now, &random), since: now)
            },
            tell: { type, cast, random in
                if type.hasSuffix("_CHANGED") { cast.changes += 1 }
                let (node, id, data) = Self.tell(type, &cast, world, now, &random)
                return (type, node, type.hasSuffix("_DELETED") ? object(["id": .string(id)]) : data)
            }
        )
    }

    private static func subject(
        _ number: Int,
        _ script: [String],
        _ world: WeSeeDoWorld,
        _ now: Timestamp,
        _ random: inout SeededGenerator
    ) -> Cast.Subject {
        // One round of scripts after the other takes the next party, so that the same one is not created twice at a time.
        func passing(_ level: Level) -> Cast.Subject {
            let parties = world.comersAndGoers[level] ?? []
            return .party(parties[(number / scripts.count) % parties.count])
        }
        switch script[0] {
        case "USER_CREATED": return .user(random.person(), company: random.pick(world.companies))
        case "SITE_CREATED": return passing(.site)
        case "COMPANY_CREATED": return passing(.company)
        case "DEALER_CREATED": return passing(.dealer)
        default:
            // Meetings straight at a company are not planned ahead, so nothing about them is changed.
            let isDirect = !script.contains("MEETING_CHANGED") && random.below(2) == 0
            return .meeting(WeSeeDoMeeting(world, isDirect: isDirect, now, &random))
        }
    }

    private static func tell(
        _ type: String,
        _ cast: inout Cast,
        _ world: WeSeeDoWorld,
        _ now: Timestamp,
        _ random: inout SeededGenerator
    ) -> (node: String, id: String, data: JSONValue) {
        switch cast.subject {
        case .meeting(var meeting):
            meeting.apply(type, world, now, &random)
            cast.subject = .meeting(meeting)
            return (meeting.node, meeting.id, meeting.data)
        case .user(let person, let company):
            return (company.id, person.id, user(person, company, world, cast))
        case .party(let party):
            switch party.level {
            case .site: return (party.id, party.id, site(party, world, cast))
            case .company: return (party.id, party.id, company(party, world, cast))
            case .dealer, .reseller: return (party.id, party.id, dealer(party, world, cast))
            }
        }
    }

    private static func person(_ person: Person, _ company: WeSeeDoWorld.Party, created: Timestamp) -> [JSONValue.Member] {
        [
            .init("id", .string(person.id)), .init("first_name", .string(person.first)),
            .init("last_name", .string(person.last)), .init("name", .string(person.name)),
            .init("email", .string(person.email)), .init("locale", .string(person.language)),
            .init("role", .string("agent")), .init("created_at", .string(created.description)),
        ]
    }

    private static func entity(_ company: WeSeeDoWorld.Party, _ more: [JSONValue.Member] = []) -> JSONValue {
        .object([.init("type", .string("company")), .init("id", .string(company.id)), .init("name", .string(company.name))] + more)
    }

    private static func user(_ who: Person, _ company: WeSeeDoWorld.Party, _ world: WeSeeDoWorld, _ cast: Cast) -> JSONValue {
        let sites = world.sites.filter { $0.parent == company.id }
        return .object(
            person(who, company, created: cast.since) + [
                .init("sites", .array(sites.prefix(cast.changes + 1).map(\.reference))),
                .init("entity", entity(company, [.init("package", WeSeeDoWorld.package(of: company))])),
                .init("status", .string(cast.changes == 0 ? "offline" : "online")), .init("suspended", .bool(false)),
            ]
        )
    }

    private static func site(_ site: WeSeeDoWorld.Party, _ world: WeSeeDoWorld, _ cast: Cast) -> JSONValue {
        let company = world.party(site.parent)
        let users = (world.users[company.id] ?? []).prefix(2).map { who in
            JSONValue.object(
                person(who, company, created: cast.since.later(seconds: -86_400)) + [
                    .init("entity", entity(company)), .init("suspended", .bool(false)),
                ]
            )
        }
        return object([
            "id": .string(site.id),
            "name": .string(site.name),
            "logo": .string("https://files.weseedo.example/logo/\(site.id).png"),
            "company": company.withContact,
            "users": .array(users),
            "videochat_font_type": .string(cast.changes == 0 ? "Roboto" : "Lato"),
            "videochat_text_color": .string(cast.changes == 0 ? "#1a1a1a" : "#003a70"),
            "email_invite_text": .string("Your video appointment stands. Open the link at the agreed time."),
            "email_cancel_text": .string("The appointment does not take place."),
            "email_hardwaretest_text": .string("Try your camera and microphone beforehand."),
            "email_enable_hardwaretest": .bool(cast.changes > 0),
            "webhook_url": .string("https://hooks.weseedo.example/\(site.id)"),
        ])
    }

    private static func company(_ company: WeSeeDoWorld.Party, _ world: WeSeeDoWorld, _ cast: Cast) -> JSONValue {
        object([
            "id": .string(company.id),
            "name": .string(company.name),
            "contact": WeSeeDoWorld.contact(company.contact),
            "package": WeSeeDoWorld.package(of: company),
            "dealer": world.party(company.parent).withContact,
            "webhook_url": .string("https://hooks.weseedo.example/\(company.id)"),
            "suspended": .bool(cast.changes > 0),
        ])
    }

    private static func dealer(_ dealer: WeSeeDoWorld.Party, _ world: WeSeeDoWorld, _ cast: Cast) -> JSONValue {
        object([
            "id": .string(dealer.id),
            "name": .string(dealer.name),
            "contact": WeSeeDoWorld.contact(dealer.contact),
            "notification_contact": object(["email": .string("alerts." + dealer.contact.email)]),
            "reseller": world.reseller.withContact,
            "suspended": .bool(cast.changes > 0),
        ])
    }
}
