import PosthornModel

/// A refusal of an event that is the same however the event comes in.
extension InputProblem {
    /// Another event has the id.
    static func idInUse(_ id: String) -> InputProblem {
        InputProblem(
            .conflict,
            field: "id",
            value: id,
            reason: "is the id of another event with other content; give each event an id of its own"
        )
    }
}
