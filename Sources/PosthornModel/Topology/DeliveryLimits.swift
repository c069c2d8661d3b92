package import PosthornText

/// How much may go out at once to many endpoints together: to those of a node and of all nodes below it, or to all that there are.
///
/// Limits of nodes and of endpoints all bind. A rate saves up a second's requests, as an endpoint's does.
public struct DeliveryLimits: Hashable, Sendable {
    /// How many requests may start in a second; `nil` for any number.
    public var ratePerSecond: Double?
    /// How many deliveries may be under way at once, until their results are recorded; `nil` for any number.
    public var inFlightLimit: Int?

    /// Limits of many endpoints together.
    public init(ratePerSecond: Double? = nil, inFlightLimit: Int? = nil) {
        self.ratePerSecond = ratePerSecond
        self.inFlightLimit = inFlightLimit
    }

    /// Deliveries under way at once: an engine has no more in memory.
    public static let inFlightRange = 1...4096
    /// The least rate: one in a thousand seconds.
    public static let leastRate = 0.001

    /// Whether nothing is limited.
    public var isEmpty: Bool { ratePerSecond == nil && inFlightLimit == nil }

    /// Throws what is out of its limits, under `path`.
    func check(at path: String) throws(InputProblem) {
        if let rate = ratePerSecond, !Self.isRate(rate) {
            throw InputProblem(.outOfRange, field: "\(path).rate_per_second", value: "\(rate)", reason: Self.rateReason)
        }
        if let limit = inFlightLimit, !Self.inFlightRange.contains(limit) {
            throw InputProblem(.outOfRange, field: "\(path).max_in_flight", value: String(limit), reason: Self.inFlightReason)
        }
    }

    private static func isRate(_ rate: Double) -> Bool { rate >= leastRate && rate <= EndpointSettings.rateLimit }

    private static let rateReason = "must be a number from \(leastRate) to \(Int(EndpointSettings.rateLimit))"
    private static let inFlightReason = "must be a whole number from \(inFlightRange.lowerBound) to \(inFlightRange.upperBound)"
}

extension DeliveryLimits {
    /// Reads what a topology file has under `path`.
    package init(json value: JSONValue, at path: String) throws(InputProblem) {
        let reader = try ObjectReader(value, at: path, allowed: ["rate_per_second", "max_in_flight"])
        self.init()
        ratePerSecond = try reader.number("rate_per_second", reason: Self.rateReason, where: Self.isRate)
        inFlightLimit = try reader.integer("max_in_flight", Self.inFlightRange)
        if isEmpty {
            throw InputProblem(
                .missing,
                field: path,
                reason: "limits nothing; give rate_per_second, max_in_flight or both, or leave limits out"
            )
        }
    }

    /// Reads what ``json`` has written; `nil` when it means nothing.
    package init?(stored text: String) {
        guard let value = try? JSONValue.parse(Array(text.utf8)), let limits = try? DeliveryLimits(json: value, at: "") else { return nil }
        self = limits
    }

    /// As a topology file has it.
    package var json: JSONValue {
        var members: [JSONValue.Member] = []
        if let ratePerSecond { members.append(.init("rate_per_second", .number(Self.text(of: ratePerSecond)))) }
        if let inFlightLimit { members.append(.init("max_in_flight", .number(String(inFlightLimit)))) }
        return .object(members)
    }

    /// A rate without the fraction of a whole number.
    package static func text(of rate: Double) -> String { rate == rate.rounded() && rate < 1e15 ? String(Int64(rate)) : "\(rate)" }
}

extension DeliveryLimits: CustomStringConvertible {
    /// For people, such as `100 a second, 50 at once`.
    public var description: String {
        [ratePerSecond.map { "\(Self.text(of: $0)) a second" }, inFlightLimit.map { "\($0) at once" }].compactMap { $0 }
            .joined(separator: ", ")
    }
}
