extension LogRecord {
    /// What a run until all is settled has not delivered at its end; `nil` when there is nothing of that kind.
    /// - Parameters:
    ///   - exhausted: Deliveries of which this run used up the attempts.
    ///   - behind: Pending deliveries that wait in order behind an exhausted one, of this run or an earlier one.
    ///   - pending: All that are pending, those among them.
    init?(unsettled exhausted: Int, held: Int64, behind: Int, pending: Int64) {
        let left = max(0, pending - Int64(behind))
        var parts: [String] = []
        if exhausted > 0 {
            parts.append("attempts of \(HumanText.count(exhausted, "delivery", "deliveries")) were used up in this run")
        }
        if behind > 0 { parts.append("\(HumanText.count(behind, "delivery waits", "deliveries wait")) in order behind an exhausted one") }
        if held > 0 { parts.append("\(HumanText.count(held, "delivery is", "deliveries are")) held") }
        if left > 0 {
            parts.append("\(HumanText.count(left, "delivery is", "deliveries are")) still pending, as it was stopped before")
        }
        if parts.isEmpty { return nil }
        var remedies: [String] = []
        if exhausted > 0 { remedies.append("posthorn deliveries --state exhausted lists them, posthorn retry tries again") }
        if behind > 0 {
            remedies.append("posthorn lanes shows what stops those behind it, and posthorn retry, skip or cancel of it lets them go on")
        }
        if held > 0 { remedies.append("posthorn doctor says why they are held") }
        if left > 0 { remedies.append("posthorn run goes on with what is pending") }
        self.init(
            .warn,
            "not_all_delivered",
            "not everything was delivered: \(parts.joined(separator: ", and ")); \(remedies.joined(separator: "; "))",
            [
                Field("exhausted", exhausted), Field("held", held), Field("pending", pending), Field("behind_exhausted", behind),
            ]
        )
    }
}
