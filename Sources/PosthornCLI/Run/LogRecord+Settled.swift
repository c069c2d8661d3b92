extension LogRecord {
    /// What a run until all is settled has not delivered at its end; `nil` when there is nothing of that kind.
    init?(unsettled exhausted: Int, held: Int64, pending: Int64) {
        var parts: [String] = []
        if exhausted > 0 {
            parts.append("attempts of \(HumanText.count(exhausted, "delivery", "deliveries")) were used up in this run")
        }
        if held > 0 { parts.append("\(HumanText.count(held, "delivery is", "deliveries are")) held") }
        if pending > 0 {
            parts.append("\(HumanText.count(pending, "delivery is", "deliveries are")) still pending, as it was stopped before")
        }
        if parts.isEmpty { return nil }
        var remedies: [String] = []
        if exhausted > 0 { remedies.append("posthorn deliveries --state exhausted lists them, posthorn retry tries again") }
        if held > 0 { remedies.append("posthorn doctor says why they are held") }
        if pending > 0 { remedies.append("posthorn run goes on with what is pending") }
        self.init(
            .warn,
            "not_all_delivered",
            "not everything was delivered: \(parts.joined(separator: ", and ")); \(remedies.joined(separator: "; "))",
            [Field("exhausted", exhausted), Field("held", held), Field("pending", pending)]
        )
    }
}
