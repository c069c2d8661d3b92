import PosthornModel
import PosthornText

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
    /// Every party as a node, parents first.
    let nodes: [Node]

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
        let comersAndGoers: [Level: [Party]] = [
            .dealer: (1...3).map { _ in party(.dealer, reseller.id, "\(random.companyName()) Partners") },
            .company: (1...3).map { party(.company, dealers[$0 % 2].id, random.companyName()) },
            .site: (1...3).map { party(.site, companies[$0].id, "\(companies[$0].name) \(random.pick(places))") },
        ]
        self.comersAndGoers = comersAndGoers
        var users: [String: [Person]] = [:]
        for company in companies { users[company.id] = (1...4).map { _ in random.person() } }
        self.users = users
        (self.reseller, self.dealers, self.companies, self.sites) = (reseller, dealers, companies, sites)
        let passing = [Level.dealer, .company, .site].flatMap { level in comersAndGoers[level] ?? [] }
        let all = [reseller] + dealers + companies + sites + passing
        nodes = all.sorted { $0.level > $1.level }.map(Self.node)
    }

    private static func node(_ party: Party) -> Node {
        Node(
            id: party.id,
            level: party.level,
            parent: party.parent.isEmpty ? nil : party.parent,
            name: party.name,
            notificationEmail: party.level == .dealer ? "alerts." + party.contact.email : nil
        )
    }

    /// The parties of a platform that is there. What a WeSeeDo platform has and this one lacks is made up: whoever is above
    /// those that are there, and at least one of each level below.
    init(_ random: inout SeededGenerator, on platform: [Node]) {
        var invented: [Party] = []
        let taken = Set(platform.map(\.id))
        /// Where the platform was made up with the same seed, the first ids are its own.
        func freshID() -> String {
            var id = random.hex(24)
            while taken.contains(id) { id = random.hex(24) }
            return id
        }
        func party(_ level: Level, _ parent: String, _ name: String, id: String? = nil) -> Party {
            Party(id: id ?? freshID(), level: level, parent: parent, name: name, contact: random.person())
        }
        func make(_ level: Level, _ parent: String, _ name: String) -> Party {
            let made = party(level, parent, name)
            invented.append(made)
            return made
        }
        func given(_ level: Level, under parents: [Party]) -> [Party] {
            platform.filter { $0.level == level }.compactMap { node in
                let parent = node.parent ?? parents[0].id
                return parents.contains { $0.id == parent } ? party(level, parent, node.name ?? node.id, id: node.id) : nil
            }
        }
        let top = platform.first { $0.level == .reseller }
        let reseller =
            top.map { party(.reseller, "", $0.name ?? $0.id, id: $0.id) } ?? make(.reseller, "", "\(random.companyName()) Group")
        var dealers = given(.dealer, under: [reseller])
        if dealers.isEmpty { dealers = [make(.dealer, reseller.id, "\(random.companyName()) Partners")] }
        var companies = given(.company, under: dealers + [reseller])
        if companies.isEmpty { companies = dealers.map { make(.company, $0.id, random.companyName()) } }
        var sites = given(.site, under: companies)
        if sites.isEmpty { sites = companies.map { make(.site, $0.id, "\($0.name) Harbour") } }
        var comersAndGoers: [Level: [Party]] = [:]
        comersAndGoers[.dealer] = (1...3).map { _ in make(.dealer, reseller.id, "\(random.companyName()) Partners") }
        comersAndGoers[.company] = (1...3).map { make(.company, dealers[$0 % dealers.count].id, random.companyName()) }
        comersAndGoers[.site] = (1...3).map { number in
            let company = companies[number % companies.count]
            return make(.site, company.id, "\(company.name) Station")
        }
        self.comersAndGoers = comersAndGoers
        var users: [String: [Person]] = [:]
        for company in companies { users[company.id] = (1...4).map { _ in random.person() } }
        self.users = users
        (self.reseller, self.dealers, self.companies, self.sites) = (reseller, dealers, companies, sites)
        // Given ones stay as they are, so that applying them changes nothing.
        nodes = (platform + invented.map(Self.node)).enumerated()
            .sorted { ($1.element.level, $0.offset) < ($0.element.level, $1.offset) }.map(\.element)
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
