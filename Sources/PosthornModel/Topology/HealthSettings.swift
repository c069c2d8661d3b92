package import PosthornText

/// What an endpoint's own settings say of its health; what they do not say is as the engine has it for all.
public struct HealthSettings: Hashable, Sendable {
    /// After so many failed attempts in a row it is suspended; 0 for never, `nil` for what holds for all.
    public var suspendAfter: Int?
    /// When attempts have failed for so long, it is disabled; 0 for never, `nil` for what holds for all.
    public var disableAfterMilliseconds: Int64?
    /// Whether two answers of 410 disable it; `nil` for what holds for all.
    public var goneDisables: Bool?

    /// Settings.
    public init(suspendAfter: Int? = nil, disableAfterMilliseconds: Int64? = nil, goneDisables: Bool? = nil) {
        self.suspendAfter = suspendAfter
        self.disableAfterMilliseconds = disableAfterMilliseconds
        self.goneDisables = goneDisables
    }

    /// Failures in a row that suspend an endpoint.
    public static let suspendRange = 2...1_000_000
    /// An endpoint is disabled after an hour at least, and after a year at most.
    public static let disableRangeMilliseconds: ClosedRange<Int64> = 3_600_000...366 * 86_400_000
}

extension HealthSettings {
    /// Reads the member `health` of an endpoint.
    /// - Parameter field: Where it is in its file.
    package init(json value: JSONValue, at field: String) throws(InputProblem) {
        let reader = try ObjectReader(value, at: field, allowed: ["suspend_after", "disable_after", "gone_disables"])
        self.init(
            suspendAfter: try Self.suspendAfter(reader, field),
            disableAfterMilliseconds: try Self.disableAfter(reader, field),
            goneDisables: try Self.goneDisables(reader, field)
        )
    }

    private static func suspendAfter(_ reader: ObjectReader, _ field: String) throws(InputProblem) -> Int? {
        if case .number("0")? = reader.value("suspend_after") { return 0 }
        do throws(InputProblem) { return try reader.integer("suspend_after", suspendRange) } catch {
            throw InputProblem(
                error.code,
                field: error.field,
                value: error.value,
                reason: "must be a whole number from 2 to 1000000, or 0 for never"
            )
        }
    }

    private static func disableAfter(_ reader: ObjectReader, _ field: String) throws(InputProblem) -> Int64? {
        guard let value = reader.value("disable_after") else { return nil }
        let advice = "must be a time from 1h to 366d such as \"5d\", or \"0\" for never"
        guard case .string(let text) = value else { throw InputProblem(field: "\(field).disable_after", held: value, reason: advice) }
        guard let length = RetrySchedule.Duration.milliseconds(text) else {
            throw InputProblem(field: "\(field).disable_after", value: text, reason: advice)
        }
        if length == 0 || disableRangeMilliseconds.contains(length) { return length }
        throw InputProblem(.outOfRange, field: "\(field).disable_after", value: text, reason: advice)
    }

    private static func goneDisables(_ reader: ObjectReader, _ field: String) throws(InputProblem) -> Bool? {
        switch reader.value("gone_disables") {
        case nil: return nil
        case .bool(let value): return value
        case let other?: throw InputProblem(field: "\(field).gone_disables", held: other, reason: "must be true or false")
        }
    }

    /// The member `health` as a file has it.
    package var json: JSONValue {
        var members: [JSONValue.Member] = []
        if let suspendAfter { members.append(.init("suspend_after", .number(String(suspendAfter)))) }
        if let length = disableAfterMilliseconds {
            members.append(.init("disable_after", .string(length == 0 ? "0" : RetrySchedule.Duration.text(length))))
        }
        if let goneDisables { members.append(.init("gone_disables", .bool(goneDisables))) }
        return .object(members)
    }
}
