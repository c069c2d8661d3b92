import PosthornModel

/// The parties of a made-up WeSeeDo platform: a reseller, dealers, companies, sites and the users of companies.
struct WeSeeDoWorld: Sendable {
    /// A dealer, company or site, or the reseller.
    struct Party: Sendable {
        let id: String
        let level: Level
        let parent: String
        let name: String
        let contact: Person

        var reference: JSONValue { object(["id": .string(id), "name": .string(name)]) }
        var withContact: JSONValue {
            object(["id": .string(id), "name": .string(name), "contact": WeSeeDoWorld.contact(contact)])
        }
    }

    let reseller: Party
    /// Those that stand for good, where meetings take place and users work.
    let dealers: [Party]
    let companies: [Party]
    let sites: [Party]
    /// Those that are created, changed and deleted in stories, by level; nothing else happens at them.
    let comersAndGoers: [Level: [Party]]
    /// Users by company id.
    let users: [String: [Person]]

    init(_ random: inout SeededGenerator) {
        func party(_ level: Level, _ parent: String, _ name: String) -> Party {
            Party(id: random.hex(24), level: level, parent: parent, name: name, contact: random.person())
        }
        let reseller = party(.reseller, "", "\(random.companyName()) Group")
        let dealers = (1...2).map { _ in party(.dealer, reseller.id, "\(random.companyName()) Partners") }
        let companies = dealers.flatMap { dealer in (1...2).map { _ in party(.company, dealer.id, random.companyName()) } }
        let places = ["North", "Harbour", "Station", "Old Town", "Campus"]
        let sites = companies.flatMap { company in
            (1...2).map { _ in party(.site, company.id, "\(company.name) \(random.pick(places))") }
        }
        comersAndGoers = [
            .dealer: (1...3).map { _ in party(.dealer, reseller.id, "\(random.companyName()) Partners") },
            .company: (1...3).map { party(.company, dealers[$0 % 2].id, random.companyName()) },
            .site: (1...3).map { party(.site, companies[$0].id, "\(companies[$0].name) \(random.pick(places))") },
        ]
        var users: [String: [Person]] = [:]
        for company in companies { users[company.id] = (1...4).map { _ in random.person() } }
        self.users = users
        (self.reseller, self.dealers, self.companies, self.sites) = (reseller, dealers, companies, sites)
    }

    /// Every party as a node, parents first.
    var nodes: [Node] {
        let passing = [Level.dealer, .company, .site].flatMap { comersAndGoers[$0] ?? [] }
        let all = [reseller] + dealers + companies + sites + passing
        return all.sorted { $0.level > $1.level }.map { party in
            Node(
                id: party.id,
                level: party.level,
                parent: party.level == .reseller ? nil : party.parent,
                name: party.name,
                notificationEmail: party.level == .dealer ? "alerts." + party.contact.email : nil
            )
        }
    }

    /// The party with an id among those that stand for good.
    func party(_ id: String) -> Party { ([reseller] + dealers + companies + sites).first { $0.id == id } ?? reseller }

    static func contact(_ person: Person) -> JSONValue {
        object([
            "id": .string(person.id),
            "first_name": .string(person.first),
            "last_name": .string(person.last),
            "email": .string(person.email),
            "phone": .string(person.phone),
            "language": .string(person.language),
        ])
    }

    /// What a company has booked; the same for the same company.
    static func package(of company: Party) -> JSONValue {
        let name = company.id.utf8.reduce(0) { $0 &+ Int($1) } % 2 == 0 ? "professional" : "starter"
        let features = name == "professional" ? ["agent_create_appointment", "send_file", "screenshot", "chat"] : ["chat"]
        return object([
            "id": .string(String(company.id.reversed())),
            "name": .string(name),
            "features": .array(features.map { .string($0) }),
        ])
    }
}
