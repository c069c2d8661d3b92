import PosthornModel
import PosthornText

/// A conference service (iotum's wiki): people enter, record, stream, are called up, and leave.
struct ConferenceScenario: VendorScenario {
    struct Cast: Sendable {
        let node: String
        let host: Int
        let conference: Int
        let file: String
        let fileSize: Int
        let phone: String
        /// Who is called up or takes part, and as what.
        let participant: Int
        var role: String
        let original: Int
        /// How dialling out goes on.
        var dialStates: ArraySlice<String>
    }

    /// How dialling out ends for those who do not come.
    static let unansweredStates = ["rejected", "noanswer", "cancelled"]
    static let waysOut = ["user_exit", "user_dropped", "host_kicked", "host_kicked_blocked"]

    private static let pictureScript = 6
    private static let scripts = 9

    private static func dialling(_ count: Int) -> [String] { [String](repeating: "dialout_status_change", count: count) }

    private static func dialStates(ofStory story: Int, _ script: Int) -> ArraySlice<String> {
        switch script {
        case 2: return ["new", "dialed", "answered"]
        case 3: return ["new", "dialed", unansweredStates[story / scripts % unansweredStates.count]]
        case 4: return ["notenabled"]
        default: return []
        }
    }

    private let sites: StorySites
    private let hosts: [Int]
    private let company: Int
    private var lastConference: Int
    private var lastParticipant: Int
    /// How many have left a conference or a livestream, by type.
    private var left: [String: Int] = [:]
    private var book = ScriptPlayer<Cast>([
        [
            "conference_start", "enter_conference", "participant_role_changed", "start_recording", "stop_recording", "leave_conference",
            "conference_end", "recording_ready", "transcription_ready",
        ],
        [
            "conference_start", "enter_conference", "start_streaming", "enter_livestream", "stream_preview_updated", "leave_livestream",
            "stop_streaming", "leave_conference", "conference_end",
        ],
        // Called up: who comes, who does not, and for a host who may not.
        ["conference_start"] + dialling(3) + ["enter_conference", "leave_conference", "conference_end"],
        ["conference_start"] + dialling(3) + ["conference_end"],
        ["conference_start"] + dialling(1) + ["conference_end"],
        ["conference_start", "start_broadcasting", "stop_broadcasting", "conference_end"],
        ["profile_picture_upload_failure", "profile_picture_upload_success"],
        ["drive_file_added", "drive_file_deleted"],
        ["one_time_access_code_reused"],
    ])

    init(_ random: inout SeededGenerator, _ platform: [Node]) {
        sites = StorySites(platform, invented: Node(id: random.hex(24), level: .company, name: random.companyName()))
        company = random.integer(1000...9999)
        hosts = (0..<5).map { _ in random.integer(40_000...79_999) }
        lastConference = random.integer(1_000_000...1_900_000)
        lastParticipant = random.integer(5_000_000...6_000_000)
    }

    var nodes: [Node] { sites.nodes }
    var types: [String] { book.types }

    mutating func next(at now: Timestamp, _ random: inout SeededGenerator) -> (type: String, node: String, data: JSONValue) {
        let (hosts, company, sites) = (hosts, company, sites)
        var (conference, participant) = (lastConference, lastParticipant)
        var left = left
        let page = book.next(
            &random,
            cast: { number, script, random in
                conference += random.integer(1...9)
                participant += random.integer(1...9)
                return Cast(
                    node: sites.node(ofStory: number),
                    // Hosts set their picture when they are new. It also tells the event apart: it has no other id.
                    host: script == Self.pictureScript ? 80_000 + number : random.pick(hosts),
                    conference: conference,
                    file: random.pick(["agenda", "minutes", "budget", "floor plan"]) + random.pick([".pdf", ".docx", ".png"]),
                    fileSize: random.integer(12_000...4_000_000),
                    phone: "+" + random.mobile(),
                    participant: participant,
                    role: "participant",
                    original: conference - random.integer(10...500),
                    dialStates: Self.dialStates(ofStory: number, script)
                )
            },
            tell: { type, cast, random in
                if type == "participant_role_changed" { cast.role = random.pick(["moderator", "organizer"]) }
                if type.hasPrefix("leave_") { left[type, default: 0] += 1 }
                defer { if type == "dialout_status_change" { cast.dialStates.removeFirst() } }
                return (type, cast.node, Self.data(type, cast, company, left[type] ?? 0, &random))
            }
        )
        (lastConference, lastParticipant) = (conference, participant)
        self.left = left
        return page
    }

    private static func data(
        _ type: String,
        _ cast: Cast,
        _ company: Int,
        _ left: Int,
        _ random: inout SeededGenerator
    ) -> JSONValue {
        var members: [JSONValue.Member] = [.init("host_id", number(cast.host))]
        func add(_ key: String, _ value: JSONValue) { members.append(.init(key, value)) }
        if type != "participant_role_changed" { add("company_id", number(company)) }
        if !type.hasPrefix("profile_"), !type.hasPrefix("drive_") { add("conference_id", number(cast.conference)) }
        if type.contains("enter_") || type.contains("leave_") || type.hasPrefix("dialout_") || type.hasPrefix("participant_") {
            add("participant_id", number(cast.participant))
        }
        if type.hasSuffix("_conference") || type.hasPrefix("participant_") { add("participant_role", .string(cast.role)) }
        if type.hasPrefix("leave_") { add("reason_for_leaving", .string(waysOut[(left - 1) % waysOut.count])) }
        for member in extra(type, cast, &random) { add(member.key, member.value) }
        return .object(members)
    }

    /// What one type has and no other.
    private static func extra(
        _ type: String,
        _ cast: Cast,
        _ random: inout SeededGenerator
    ) -> KeyValuePairs<String, JSONValue> {
        let media = "https://media.conference.example"
        switch type {
        case "recording_ready":
            return [
                "recording_id": number(cast.conference * 3 + 1),
                "download_link": .string("\(media)/recordings/\(random.hex(16))\(random.pick([".mp3", ".mp4"]))"),
            ]
        case "stream_preview_updated":
            let name = random.hex(16)
            return ["video_url": .string("\(media)/previews/\(name).mp4"), "image_url": .string("\(media)/previews/\(name).jpg")]
        case "enter_conference": return ["meeting_url": .string("https://meet.conference.example/\(cast.conference)")]
        case "dialout_status_change":
            return ["status": .string(cast.dialStates.first ?? ""), "phone_number": .string(cast.phone)]
        case "drive_file_added": return ["id": number(cast.original), "filename": .string(cast.file), "size": number(cast.fileSize)]
        case "drive_file_deleted": return ["id": number(cast.original), "filename": .string(cast.file)]
        case "one_time_access_code_reused": return ["original_conference_id": number(cast.original)]
        default: return [:]
        }
    }
}
