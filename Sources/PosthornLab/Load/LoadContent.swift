public import PosthornModel
import PosthornSigning

/// What the requests of a load hold.
public struct LoadContent: Sendable {
    enum Kind: Sendable {
        /// The same bytes every time.
        case fixed(OutboundRequest)
        case events(EventPool, right: EndpointComposer, wrong: EndpointComposer?)
    }

    let kind: Kind
    /// Whether the signature covers the time, so that a receiver can tell an old request.
    let signsTime: Bool

    /// The same body every time.
    public static func body(_ bytes: [UInt8], method: RequestMethod = .post) -> LoadContent {
        var request = OutboundRequest()
        if method == .post { request.addHeader("content-type", "application/json".utf8) }
        request.addHeader("user-agent", PosthornVersion.userAgent.utf8)
        request.body = bytes
        return LoadContent(kind: .fixed(request), signsTime: false)
    }

    /// Events in a vendor's format.
    /// - Parameters:
    ///   - settings: The format and its credentials.
    ///   - vendor: Whose events are made up; those of WeSeeDo where the format has no vendor.
    ///   - type: The only type to send, or a pattern of types; `nil` for all of them.
    ///   - data: The data of every event instead of made-up ones.
    ///   - needsWrong: Whether wrongly signed requests are wanted.
    /// - Throws: What is wrong with credentials, type or data.
    public static func events(
        _ settings: EndpointSettings,
        vendor: ScenarioVendor?,
        type: EventPattern?,
        data: [UInt8]?,
        needsWrong: Bool,
        seed: UInt64,
        at now: Timestamp
    ) throws(InputProblem) -> LoadContent {
        let composer = try EndpointComposer(settings, now: now)
        let pool: EventPool
        if let data {
            guard let type, !type.text.contains("*") else {
                throw InputProblem(field: "event", reason: "must name one type, since the data is given")
            }
            try Event.checkData(data)
            try composer.check(type: type.text, data: data)
            pool = EventPool(type: type.text, data: data)
        } else {
            let wants: (String) -> Bool = { (type?.matches($0) ?? true) && settings.wants($0) && Self.fits($0, settings) }
            pool = try EventPool(vendor ?? .weseedo, seed: seed, at: now, size: poolSize, wants: wants)
            let sample = pool.event(0, id: "sample", created: now)
            try composer.check(type: sample.type, data: sample.data)
        }
        let wrong = needsWrong ? try EndpointComposer(try WrongCredentials.of(settings, at: now), now: now) : nil
        let signsTime = settings.signature == .diio || settings.signature == .standardWebhooks
        return LoadContent(kind: .events(pool, right: composer, wrong: wrong), signsTime: signsTime)
    }

    private static let poolSize = 2048

    /// Only Voiso's Call Notify can go out as a GET.
    private static func fits(_ type: String, _ settings: EndpointSettings) -> Bool {
        settings.method == .post || type.hasSuffix(".answered")
    }
}

/// Credentials of the right shape that are not the receiver's.
enum WrongCredentials {
    static func of(_ settings: EndpointSettings, at now: Timestamp) throws(InputProblem) -> EndpointSettings {
        var wrong = settings
        let made = settings.signature == .webioJWT ? SecureRandom.bytes(32).map { String($0 | 0x10, radix: 16) }.joined() : nil
        wrong.credentials = try Credentials.rotated(settings, newSecret: made, at: now).credentials
        // A replaced secret of Standard Webhooks would sign too.
        wrong.credentials["previous_secrets"] = nil
        return wrong
    }
}
