import PosthornModel
import PosthornText

/// The columns of an endpoint's row as a store has read them: what they mean is the same in every store.
package struct EndpointColumns {
    package var key: Int64
    package var revision: Int64
    package var id: String
    package var node: String
    package var url: String
    package var method: String
    package var envelope: String
    package var signature: String
    package var credentials: [UInt8]
    package var events: [UInt8]
    package var headers: [UInt8]
    package var timeoutMilliseconds: Int64
    package var inFlightLimit: Int64
    package var ratePerSecond: Double?
    package var retry: [UInt8]
    package var state: String
    package var stateReason: String?
    package var lanes: [UInt8]?
    package var onExhausted: String?
    package var health: [UInt8]?

    package init(
        key: Int64,
        revision: Int64,
        id: String,
        node: String,
        url: String,
        method: String,
        envelope: String,
        signature: String,
        credentials: [UInt8],
        events: [UInt8],
        headers: [UInt8],
        timeoutMilliseconds: Int64,
        inFlightLimit: Int64,
        ratePerSecond: Double?,
        retry: [UInt8],
        state: String,
        stateReason: String?,
        lanes: [UInt8]?,
        onExhausted: String?,
        health: [UInt8]?
    ) {
        self.key = key
        self.revision = revision
        self.id = id
        self.node = node
        self.url = url
        self.method = method
        self.envelope = envelope
        self.signature = signature
        self.credentials = credentials
        self.events = events
        self.headers = headers
        self.timeoutMilliseconds = timeoutMilliseconds
        self.inFlightLimit = inFlightLimit
        self.ratePerSecond = ratePerSecond
        self.retry = retry
        self.state = state
        self.stateReason = stateReason
        self.lanes = lanes
        self.onExhausted = onExhausted
        self.health = health
    }

    /// What the row holds. What cannot be read is a fault of that endpoint alone: all others can still be served.
    package func endpoint(_ secrets: StoredSecrets, withCredentials: Bool) -> StoredEndpoint {
        var reading = RowReading(damaged: secrets.damaged(id))
        // Credentials first: when several things are wrong, a missing key is the one to tell of.
        let opened =
            withCredentials
            ? reading.credentials { () throws(OutboxProblem) in try secrets.credentials(stored: credentials, ofEndpoint: id) } : [:]
        let stored = reading.value(StoredSecrets.StoredHeaders(headers), else: StoredSecrets.StoredHeaders())
        var settings = EndpointSettings(
            id: id,
            node: node,
            url: url,
            method: reading.value(RequestMethod(rawValue: method), else: .post),
            envelope: reading.value(Envelope(rawValue: envelope), else: .raw),
            signature: reading.value(SignatureScheme(rawValue: signature), else: .none),
            credentials: opened,
            // Without its patterns an endpoint is given every type: prefer sending too much over dropping events.
            events: reading.value(Self.patterns(events), else: []),
            headers: reading.headers { () throws(OutboxProblem) in
                try secrets.headers(stored, ofEndpoint: id, opening: withCredentials)
            },
            timeoutMilliseconds: Int(timeoutMilliseconds),
            inFlightLimit: Int(inFlightLimit),
            ratePerSecond: ratePerSecond,
            retry: reading.value(Self.schedule(retry), else: .standard)
        )
        if let lanes {
            // Without its order an endpoint would get events out of it: as one lane it keeps every order there can be.
            settings.order = reading.value(Self.order(lanes, onExhausted), else: DeliveryOrder(.endpoint))
        }
        if let health { settings.health = reading.value(Self.health(health), else: HealthSettings()) }
        return StoredEndpoint(
            key: key,
            revision: revision,
            settings: settings,
            state: reading.value(EndpointState(rawValue: state), else: .disabled),
            stateReason: stateReason,
            fault: reading.fault,
            isSealed: credentials.first != UInt8(ascii: "{") || stored.isSealed
        )
    }

    private static func patterns(_ bytes: [UInt8]) -> [EventPattern]? {
        guard case .array(let events)? = try? JSONValue.parse(bytes) else { return nil }
        return try? events.map { (value) throws(InputProblem) in try EventPattern(value.stringValue ?? "") }
    }

    private static func order(_ lanes: [UInt8], _ onExhausted: String?) -> DeliveryOrder? {
        guard let value = try? JSONValue.parse(lanes) else { return nil }
        return try? DeliveryOrder(order: value, onExhausted: onExhausted, at: "")
    }

    private static func health(_ bytes: [UInt8]) -> HealthSettings? {
        guard let value = try? JSONValue.parse(bytes) else { return nil }
        return try? HealthSettings(json: value, at: "health")
    }

    private static func schedule(_ bytes: [UInt8]) -> RetrySchedule? {
        guard case .array(let offsets)? = try? JSONValue.parse(bytes) else { return nil }
        return try? RetrySchedule(offsetsMilliseconds: offsets.map { Int64($0.text) ?? -1 })
    }
}

/// Reads the values of a row one by one and remembers what was wrong.
private struct RowReading {
    private let damaged: OutboxProblem
    private var first: OutboxProblem?
    private var losesCredentials = false

    /// - Parameter damaged: What is wrong when a value means nothing to this program.
    init(damaged: OutboxProblem) { self.damaged = damaged }

    var fault: EndpointFault? { first.map { EndpointFault($0, losesCredentials: losesCredentials) } }

    mutating func value<Value>(_ read: Value?, else substitute: Value) -> Value {
        if read == nil { note(damaged) }
        return read ?? substitute
    }

    mutating func credentials(_ read: () throws(OutboxProblem) -> [String: JSONValue]) -> [String: JSONValue] {
        do throws(OutboxProblem) { return try read() } catch {
            note(error)
            losesCredentials = true
            return [:]
        }
    }

    mutating func headers(_ read: () throws(OutboxProblem) -> [EndpointSettings.Header]) -> [EndpointSettings.Header] {
        do throws(OutboxProblem) { return try read() } catch {
            note(error)
            return []
        }
    }

    private mutating func note(_ problem: OutboxProblem) { first = first ?? problem }
}
