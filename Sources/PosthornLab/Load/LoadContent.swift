public import PosthornModel
public import PosthornText
package import PosthornFormats

/// What the requests of a load hold.
public struct LoadContent: Sendable {
    enum Kind: Sendable {
        /// The same bytes every time.
        case fixed(OutboundRequest)
        /// What was recorded, each as it was, with a new signature where one is wanted.
        case recorded(RecordedRequests, SignatureRenewal?)
        case events(EventPool, right: any RequestComposer, wrong: (any RequestComposer)?)
    }

    let kind: Kind
    /// Whether the signature covers the time, so that a receiver can tell an old request.
    let signsTime: Bool
    /// Whether the event's own id is in every request.
    let carriesEventID: Bool
    /// Whose format it is, where a file describes it.
    private(set) var vendor: FileVendor?

    /// The types of its events, in alphabetical order; none where every request is the same.
    var types: [String] {
        switch kind {
        case .fixed: return []
        case .recorded(let requests, _): return Set(requests.all.compactMap(\.type)).sorted()
        case .events(let pool, _, _): return pool.types
        }
    }

    /// How many events there are before they begin again.
    var count: Int {
        switch kind {
        case .fixed: return 1
        case .recorded(let requests, _): return requests.all.count
        case .events(let pool, _, _): return pool.count
        }
    }

    /// The type of the event at a place; `nil` for none.
    func type(at place: UInt64) -> String? {
        switch kind {
        case .fixed: return nil
        case .recorded(let requests, _): return requests.all[Int(place % UInt64(requests.all.count))].type
        case .events(let pool, _, _): return pool.type(at: place)
        }
    }

    /// Whether it happened, so that it goes out in its order and at its moments.
    var isRecorded: Bool {
        switch kind {
        case .fixed: return false
        case .recorded: return true
        case .events(let pool, _, _): return pool.isRecorded
        }
    }

    /// Whether a receiver can tell each event from every other one, so that it can keep a ledger of them.
    public var isTellable: Bool {
        switch kind {
        case .fixed, .recorded: return false
        case .events(let pool, _, _): return carriesEventID || pool.isTellable
        }
    }

    /// The same body every time.
    /// - Parameter headers: More headers; names and values must be free of CR, LF and NUL.
    public static func body(_ bytes: [UInt8], method: RequestMethod = .post, headers: [EndpointSettings.Header] = []) -> LoadContent {
        var request = OutboundRequest()
        if method == .post { request.addHeader("content-type", "application/json".utf8) }
        request.addHeader("user-agent", PosthornVersion.userAgent.utf8)
        for header in headers { request.headers += Array("\r\n\(header.name): \(header.value)".utf8) }
        request.body = bytes
        return LoadContent(kind: .fixed(request), signsTime: false, carriesEventID: false)
    }

    /// Requests of a recording, again.
    /// - Parameter renewal: Makes their new signatures; `nil` to send them byte for byte.
    /// - Throws: Which of them cannot be signed so.
    package static func recorded(
        _ requests: RecordedRequests,
        renewal: SignatureRenewal?,
        at now: Timestamp
    ) throws(InputProblem) -> LoadContent {
        for (i, request) in requests.all.enumerated() {
            do throws(InputProblem) { _ = try renewal?.headers(of: request, at: now) } catch { throw error.inside("request \(i + 1)") }
        }
        return LoadContent(kind: .recorded(requests, renewal), signsTime: false, carriesEventID: false)
    }

    /// Events in a vendor's format.
    /// - Parameters:
    ///   - settings: The format and its credentials.
    ///   - vendor: Whose events are made up; those of WeSeeDo where the format has no vendor.
    ///   - type: The only type to send, or a pattern of types; `nil` for all of them.
    ///   - mix: How many there are of each type.
    ///   - data: The data of every event instead of made-up ones.
    ///   - needsWrong: Whether wrongly signed requests are wanted.
    /// - Throws: What is wrong with credentials, type or data.
    public static func events(
        _ settings: EndpointSettings,
        vendor: ScenarioVendor?,
        type: EventPattern?,
        mix: TypeMix? = nil,
        data: [UInt8]?,
        needsWrong: Bool,
        seed: UInt64,
        at now: Timestamp
    ) throws(InputProblem) -> LoadContent {
        let composer = try EndpointComposer(settings, now: now)
        let pool: EventPool
        if let data {
            guard let type, !type.text.contains("*") else {
                throw InputProblem(.incompatible, field: "event", reason: "must name one type, since the data is given")
            }
            try Event.checkData(data)
            try composer.check(type: type.text, data: data)
            pool = EventPool(type: type.text, data: data)
        } else {
            let wants: (String) -> Bool = { name in
                guard type?.matches(name) ?? true, mix.map({ $0.item(of: name) != nil }) ?? true else { return false }
                return settings.wants(name) && Self.fits(name, settings)
            }
            pool = try EventPool(vendor ?? .weseedo, seed: seed, at: now, size: TypeMix.poolSize, mix: mix, wants: wants)
            let sample = pool.event(0, id: "sample", created: now)
            try composer.check(type: sample.type, data: sample.data)
        }
        let wrong = needsWrong ? try EndpointComposer(try WrongCredentials.of(settings, at: now), now: now) : nil
        let kind = Kind.events(pool, right: composer, wrong: wrong)
        return LoadContent(kind: kind, signsTime: settings.signsTime, carriesEventID: settings.carriesEventID)
    }

    /// Events that happened, in a vendor's format: each goes out with its own id, time and data, and is signed again.
    /// - Parameters:
    ///   - events: What happened; at least one.
    ///   - settings: The format and its credentials.
    ///   - needsWrong: Whether wrongly signed requests are wanted.
    /// - Throws: What is wrong with the credentials, or which event this format cannot carry.
    public static func recorded(
        _ events: [Event],
        _ settings: EndpointSettings,
        needsWrong: Bool,
        at now: Timestamp
    ) throws(InputProblem) -> LoadContent {
        let composer = try EndpointComposer(settings, now: now)
        for event in events {
            do throws(InputProblem) { try composer.check(type: event.type, data: event.data) } catch {
                throw InputProblem(
                    .incompatible,
                    field: "replay",
                    value: event.id,
                    reason: "is an event of type \(event.type) that this format cannot carry: \(error); choose others with --event"
                )
            }
        }
        let wrong = needsWrong ? try EndpointComposer(try WrongCredentials.of(settings, at: now), now: now) : nil
        let kind = Kind.events(EventPool(recorded: events), right: composer, wrong: wrong)
        return LoadContent(kind: kind, signsTime: settings.signsTime, carriesEventID: settings.carriesEventID)
    }

    /// Events of a vendor that a file describes.
    /// - Parameters:
    ///   - url: Where they go, which some vendors sign.
    ///   - type: The only type to send, or a pattern of types; `nil` for all of them.
    ///   - mix: How many there are of each type.
    ///   - data: The data of every event instead of the file's examples.
    ///   - headers: More headers.
    ///   - needsWrong: Whether wrongly signed requests are wanted.
    /// - Throws: What is wrong with type or data.
    package static func events(
        of vendor: FileVendor,
        url: String,
        type: EventPattern?,
        mix: TypeMix? = nil,
        data: [UInt8]?,
        headers: [EndpointSettings.Header],
        needsWrong: Bool,
        at now: Timestamp
    ) throws(InputProblem) -> LoadContent {
        let composer = try vendor.composer(url: url, headers: headers)
        var samples = vendor.file.types.filter { one in
            (type?.matches(one.name) ?? true) && (mix.map { $0.item(of: one.name) != nil } ?? true)
        }.flatMap { kind in kind.samples.map { (kind.name, $0) } }
        if let data {
            guard let type, !type.text.contains("*") else {
                throw InputProblem(.incompatible, field: "event", reason: "must name one type, since the data is given")
            }
            try Event.checkData(data)
            samples = [(type.text, data)]
        }
        if samples.isEmpty {
            let names = vendor.file.types.prefix(40).map(\.name).joined(separator: ", ")
            throw InputProblem(.unknownWord, field: "event", value: type?.text, reason: "fits none of the vendor file's types: \(names)")
        }
        for (type, data) in samples { try composer.check(type: type, data: data, at: now) }
        let wrong = needsWrong ? try vendor.composer(url: url, headers: headers, isSpoiled: true) : nil
        let description = vendor.file.description
        return LoadContent(
            kind: .events(try EventPool(samples: samples, mix: mix), right: composer, wrong: wrong),
            signsTime: description.signsTime,
            carriesEventID: description.carriesEventID,
            vendor: vendor
        )
    }

    /// Only Voiso's Call Notify can go out as a GET.
    static func fits(_ type: String, _ settings: EndpointSettings) -> Bool {
        settings.method == .post || type.hasSuffix(".answered")
    }
}

extension EndpointSettings {
    /// Whether the signature covers the time of the attempt.
    var signsTime: Bool { signature == .diio || signature == .standardWebhooks }

    /// Whether requests hold the event's own id.
    var carriesEventID: Bool { envelope == .weseedo || signature == .standardWebhooks }
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
