import PosthornModel
import PosthornText
import PosthornSending
import PosthornSystem

/// Values of flags as what they mean. A bad one is named with its flag and what would be right.
extension ParsedArguments {
    func problem(_ flag: String, _ value: String, _ reason: String) -> UsageProblem {
        UsageProblem("\(label(flag)): \"\(InputProblem.printable(value))\" \(reason)", command: command)
    }

    /// A whole number.
    func integer(_ flag: String, _ range: ClosedRange<Int>) throws(UsageProblem) -> Int? {
        guard let text = text(flag) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw problem(flag, text, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The whole numbers of a flag that may be there several times.
    func integers(_ flag: String, _ range: ClosedRange<Int>) throws(UsageProblem) -> Set<Int> {
        Set(
            try all(flag).map { (text) throws(UsageProblem) in
                if let number = Int(text), range.contains(number) { return number }
                throw problem(flag, text, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
        )
    }

    /// A number above 0. With less than a thousandth, a day of the schedule or a minute of events would take centuries.
    func positiveNumber(_ flag: String, upTo limit: Double) throws(UsageProblem) -> Double? {
        guard let text = text(flag) else { return nil }
        guard let number = Double(text), number >= 0.001, number <= limit else {
            throw problem(flag, text, "must be a number from 0.001 to \(Int(limit))")
        }
        return number
    }

    /// One of a closed list of words.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ flag: String,
        _ type: Choice.Type
    ) throws(UsageProblem) -> Choice? where Choice.RawValue == String {
        guard let text = text(flag) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw problem(flag, text, Suggestion.refusal(of: text, among: Choice.allCases.map(\.rawValue)))
        }
        return choice
    }

    /// The words of a repeatable flag, each of a closed list.
    func choices<Choice: RawRepresentable & CaseIterable & Hashable>(
        _ flag: String,
        _ type: Choice.Type
    ) throws(UsageProblem) -> Set<Choice> where Choice.RawValue == String {
        Set(
            try all(flag).map { (text) throws(UsageProblem) in
                if let choice = Choice(rawValue: text) { return choice }
                throw problem(flag, text, Suggestion.refusal(of: text, among: Choice.allCases.map(\.rawValue)))
            }
        )
    }

    /// A pattern of event types.
    func pattern(_ flag: String) throws(UsageProblem) -> EventPattern? {
        guard let text = text(flag) else { return nil }
        do throws(InputProblem) { return try EventPattern(text) } catch {
            throw problem(flag, text, error.reason)
        }
    }

    /// The patterns of a repeatable flag.
    func patterns(_ flag: String) throws(UsageProblem) -> [EventPattern] {
        try all(flag).map { (text) throws(UsageProblem) in
            do throws(InputProblem) { return try EventPattern(text) } catch { throw problem(flag, text, error.reason) }
        }
    }

    /// A length of time such as `30d`.
    func milliseconds(_ flag: String) throws(UsageProblem) -> Int64? {
        guard let text = text(flag) else { return nil }
        guard let length = RetrySchedule.Duration.milliseconds(text) else {
            throw problem(flag, text, "is not a length of time; write a number with s, m, h or d, such as 30d")
        }
        return length
    }

    /// A moment: ISO 8601, a date alone (its start in UTC), or a length of time before `now`.
    func moment(_ flag: String, before now: Timestamp) throws(UsageProblem) -> Timestamp? {
        guard let text = text(flag) else { return nil }
        if let moment = Timestamp(iso8601: text) ?? Timestamp(iso8601: text + "T00:00:00Z") { return moment }
        guard let length = RetrySchedule.Duration.milliseconds(text) else {
            throw problem(flag, text, "is not a time; write 2020-07-15T12:33:14Z, 2020-07-15, or how long ago, such as 2h or 7d")
        }
        return now.advanced(byMilliseconds: -length)
    }

    /// How long what has ended is kept, and the data of events; `nil` where nothing is said of either.
    func retention(_ flag: String, payloads payloadFlag: String) throws(UsageProblem) -> RetentionPolicy? {
        let payloads = try milliseconds(payloadFlag)
        if payloads == 0 { throw problem(payloadFlag, text(payloadFlag) ?? "", "must be more than 0, such as 7d") }
        if all(flag).isEmpty { return payloads.map { RetentionPolicy(keepPayloadsMilliseconds: $0) } }
        var policy: RetentionPolicy
        do throws(InputProblem) { policy = try RetentionPolicy(all(flag)) } catch { throw problem(flag, error.value ?? "", error.reason) }
        policy.keepPayloadsMilliseconds = payloads
        return policy
    }

    /// The ranges of a repeatable flag.
    func ranges(_ flag: String) throws(UsageProblem) -> [CIDR] {
        try all(flag).map { (text) throws(UsageProblem) in
            do throws(CIDRProblem) { return try CIDR(text) } catch {
                throw problem(flag, text, error.reason)
            }
        }
    }
}
