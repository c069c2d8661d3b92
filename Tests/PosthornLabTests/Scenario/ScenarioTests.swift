import PosthornModel
import PosthornText
@testable import PosthornLab
import Testing

@Suite struct ScenarioTests {
    private let start = Timestamp(milliseconds: 1_750_000_000_000)

    private func events(_ vendor: ScenarioVendor, count: Int = 600, seed: UInt64 = 1) -> [ScenarioEvent] {
        var scenario = Scenario(vendor, seed: seed)
        return (0..<count).map { scenario.next(at: start.later(seconds: $0 * 30)) }
    }

    private func parsed(_ event: ScenarioEvent) throws -> JSONValue { try JSONValue.parse(event.data) }

    private func string(_ value: JSONValue?) -> String? {
        if case .string(let text) = value { return text }
        return nil
    }

    @Test func everyTypeThatAVendorSendsIsInTheCatalogue() {
        for vendor in ScenarioVendor.allCases where vendor.rawValue != "standard" {
            let known = Vendor(rawValue: vendor.rawValue).map { Set(KnownEventType.all(of: $0).map(\.type)) } ?? []
            #expect(Set(Scenario(vendor, seed: 1).types).isSubset(of: known), "\(vendor)")
        }
    }

    @Test(arguments: ScenarioVendor.allCases)
    func theSameSeedGivesTheSameBytes(_ vendor: ScenarioVendor) {
        #expect(events(vendor) == events(vendor))
        #expect(events(vendor) != events(vendor, seed: 2))
    }

    @Test(arguments: ScenarioVendor.allCases)
    func everyTypeComesAndEveryEventCanBeAccepted(_ vendor: ScenarioVendor) throws {
        let scenario = Scenario(vendor, seed: 3)
        let hierarchy = try Hierarchy(scenario.nodes)
        let events = events(vendor, seed: 3)
        #expect(Set(events.map(\.type)) == Set(scenario.types))
        #expect(Set(events.map(\.id)).count == events.count)
        for event in events {
            _ = try Event(checking: event.id, type: event.type, node: event.node, created: event.created, data: event.data)
            #expect(hierarchy[event.node] != nil)
            let line = try EventLine(event.line)
            #expect(line.id == event.id && line.data == event.data && line.created == event.created)
        }
    }

    @Test(arguments: ScenarioVendor.allCases)
    func nothingPointsAtAnyoneWhoExists(_ vendor: ScenarioVendor) {
        for event in events(vendor) {
            let text = String(decoding: event.data, as: UTF8.self)
            for rest in text.split(separator: "@").dropFirst() { #expect(rest.prefix { $0 != "\"" }.hasSuffix(".example")) }
            for rest in text.split(separator: "https://").dropFirst() {
                #expect(rest.prefix { $0 != "\"" && $0 != "/" }.hasSuffix(".example"))
            }
        }
    }

    @Test func weseedosTypesAreThe22OfItsPage() {
        #expect(Set(Scenario(.weseedo, seed: 1).types) == Set(EventType.weseedo).subtracting(["MEETING_TAKEN"]))
        #expect(Scenario(.weseedo, seed: 1).types.count == 22)
    }

    @Test func weseedosEventsHappenAtTheRightLevel() throws {
        let hierarchy = try Hierarchy(Scenario(.weseedo, seed: 1).nodes)
        for event in events(.weseedo) {
            let level = try #require(hierarchy[event.node]).level
            switch event.type.prefix(4) {
            case "DEAL": #expect(level == .dealer)
            case "COMP": #expect(level == .company)
            case "SITE": #expect(level == .site)
            case "USER": #expect(level == .company)
            default: #expect(level == .site || level == .company)
            }
            let data = try parsed(event)
            if event.type.hasSuffix("_DELETED") {
                guard case .object(let members) = data else { continue }
                #expect(members.map(\.key) == ["id"])
            }
            if ["SITE_", "COMPA", "DEALE"].contains(event.type.prefix(5)) { #expect(string(data["id"]) == event.node) }
        }
    }

    @Test func aWeSeeDoMeetingStaysAtItsCompanyAndSite() throws {
        let hierarchy = try Hierarchy(Scenario(.weseedo, seed: 1).nodes)
        var rooms: [String: String] = [:]
        for event in events(.weseedo) where event.type.hasPrefix("MEETING_") && event.type != "MEETING_DELETED" {
            let data = try parsed(event)
            let site = string(data["site"]?["id"])
            let company = string(data["company"]?["id"])
            #expect(event.node == site ?? company)
            #expect(hierarchy.lineage(of: event.node).contains { $0.id == company })
            let id = try #require(string(data["id"]))
            let room = try #require(string(data["room_id"]))
            #expect(rooms.updateValue(room, forKey: id) ?? room == room)
        }
        #expect(rooms.count > 20)
    }

    @Test func storiesKeepTheirOrder() throws {
        var lives: [String: [String]] = [:]
        for event in events(.weseedo) where event.type.hasPrefix("MEETING_") {
            lives[try #require(string(try parsed(event)["id"])), default: []].append(event.type)
        }
        for life in lives.values {
            #expect(life.first == "MEETING_CREATED")
            #expect(life.count { $0 == "MEETING_CREATED" } == 1)
            if let deleted = life.firstIndex(of: "MEETING_DELETED") { #expect(deleted == life.count - 1) }
        }
    }

    @Test func diioMeetsEveryCauseOfError() throws {
        let events = events(.diio, count: 2000)
        func causes(_ type: String) throws -> Set<String> {
            Set(try events.filter { $0.type == type }.compactMap { string(try parsed($0)["error_cause"]) })
        }
        #expect(try causes("meeting.error") == Set(DiioScenario.meetingErrors))
        #expect(try causes("phone_call.error") == Set(DiioScenario.callErrors))
        #expect(DiioScenario.meetingErrors.count == 19 && DiioScenario.callErrors.count == 9)
        for event in events {
            let data = try parsed(event)
            #expect(string(data["id"])?.count == 36)
            if case .object(let members) = data { #expect(!members.contains { $0.key == "action" }) }
            if event.type.hasPrefix("meeting."), event.type != "meeting.error" { #expect(data["error_cause"] == .null) }
        }
    }

    @Test func theConferencesTypesHaveTheirFields() throws {
        let events = events(.conference, count: 2000)
        #expect(Set(events.map(\.type)).count == 22)
        var states: Set<String> = []
        for event in events {
            let data = try parsed(event)
            #expect(data["host_id"] != nil)
            #expect((data["company_id"] != nil) == (event.type != "participant_role_changed"))
            switch event.type {
            case "recording_ready": #expect(data["recording_id"] != nil && data["download_link"] != nil)
            case "enter_conference": #expect(data["participant_id"] != nil && data["participant_role"] != nil && data["meeting_url"] != nil)
            case "leave_livestream": #expect(data["reason_for_leaving"] != nil && data["participant_role"] == nil)
            case "drive_file_added":
                #expect(data["id"] != nil && data["filename"] != nil && data["size"] != nil && data["conference_id"] == nil)
            case "dialout_status_change": states.insert(string(data["status"]) ?? "")
            default: break
            }
        }
        #expect(states == ["new", "dialed", "answered", "rejected", "noanswer", "cancelled", "notenabled"])
    }

    @Test func onlyWhoAnswersADialOutEntersTheConference() throws {
        var states: [String: [String]] = [:]
        for event in events(.conference, count: 2000) {
            let data = try parsed(event)
            guard case .number(let participant) = data["participant_id"] else { continue }
            if event.type == "dialout_status_change" { states[participant, default: []].append(try #require(string(data["status"]))) }
            if event.type == "enter_conference", let dialled = states[participant] { #expect(dialled == ["new", "dialed", "answered"]) }
        }
        #expect(Set(states.values.compactMap(\.last)).isSuperset(of: ["answered", "rejected", "noanswer", "cancelled", "notenabled"]))
    }

    @Test func aVoisoCallIsAnsweredBeforeItIsHungUp() throws {
        var answered: [String: String] = [:]
        for event in events(.voiso) {
            let data = try parsed(event)
            let uuid = try #require(string(data["uuid"]))
            if event.type.hasSuffix("answered") {
                answered[uuid] = string(data["ani"])
                guard case .object(let members) = data else { continue }
                #expect(members.allSatisfy { $0.value.kindName == "a string" || $0.value.kindName == "a number" })
            } else {
                #expect((answered[uuid] == string(data["ani"])) == (data["disposition"] == .string("answered")))
                guard case .number(let duration) = data["duration"], case .number(let start) = data["start_time"],
                    case .number(let end) = data["end_time"]
                else { throw InputProblem(field: "duration", reason: "is no number") }
                let (length, from, till) = (try #require(Double(duration)), try #require(Double(start)), try #require(Double(end)))
                #expect(length >= 3 && abs(till - from - length) < 0.001)
                #expect(till == Double(event.created.milliseconds) / 1000)
            }
        }
    }

    @Test func aWebioStatusUpdateIsAboutTheMessageBeforeIt() throws {
        var sent: [String: String] = [:]
        for event in events(.webio) {
            let data = try parsed(event)
            let conversation = try #require(string(data["conversationId"]))
            let action = string(data["communicationActionId"])
            if event.type == "messageSend" { sent[conversation] = action }
            if event.type == "messageStatusUpdate" {
                #expect(action == sent[conversation])
                #expect(data["body"] == nil)
                #expect(data["statusCode"] == .string("2"))
            }
            #expect(string(data["dateCreated"])?.count == 23)
        }
    }

    @Test func aShopsOrderKeepsItsBuyerItsTotalAndItsOrder() throws {
        var lives: [String: [(type: String, data: JSONValue)]] = [:]
        let events = events(.standard)
        for event in events {
            let data = try parsed(event)
            lives[try #require(string(data["id"])), default: []].append((event.type, data))
            guard event.type.hasPrefix("order."), case .array(let lines) = data["lines"] else { continue }
            let sum = lines.reduce(0) { sum, line in
                guard case .number(let quantity) = line["quantity"], case .number(let price) = line["unit_price"] else { return sum }
                return sum + (Int(quantity) ?? 0) * (Int(price) ?? 0)
            }
            #expect(sum > 0 && data["total"] == .number(String(sum)))
        }
        let scripts = StandardScenario.Story.allCases.map(\.script)
        for life in lives.values {
            let types = life.map(\.type)
            #expect(scripts.contains { $0.starts(with: types) }, "\(types)")
            #expect(Set(life.compactMap { string($0.data["customer"]?["id"]) }).count == (types[0].hasPrefix("customer.") ? 0 : 1))
            #expect(Set(life.compactMap { string($0.data["created_at"]) }).count <= 1)
        }
        #expect(Set(events.map(\.type)).count == 12)
    }
}
