extension KnownEventType {
    /// WeSeeDo: meetings, and the users, sites, companies and dealers of its platform.
    static let weseedo: [KnownEventType] = meetings + parties

    private static let meetings = [
        meeting("CREATED", "A meeting was planned or opened.", "planned"),
        meeting("STARTED", "The first two participants are in the meeting.", "started"),
        meeting("RESTARTED", "A meeting that had ended goes on.", "started"),
        meeting("ENDED", "The last participant has left the meeting.", "ended"),
        meeting("CHANGED", "The time, the agent or the guest of a meeting was changed.", "planned"),
        meeting("TAKEOVER", "Another agent has taken the meeting over.", "started"),
        meeting("WAIT", "A guest waits for an agent.", "waiting"),
        meeting("DECLINED", "An agent has declined the meeting.", "declined"),
        meeting("FORWARDED", "The meeting was handed to another agent or site.", "forwarded"),
        deleted("MEETING", "A meeting was deleted.", "m-7"),
        meeting("TAKEN", "An agent has taken a meeting on.", "taken"),
    ]

    private static func meeting(_ action: String, _ summary: String, _ status: String) -> KnownEventType {
        let example =
            #"{"id":"m-7","status":""# + status
            + #"","site":{"id":"s-12","name":"Front desk"},"agent":{"id":"u-17","name":"Ada Smit"},"guest":{"name":"Bo Jansen"}}"#
        return KnownEventType(.weseedo, "MEETING_\(action)", summary, example)
    }

    /// Of what is gone only the id is left.
    private static func deleted(_ subject: String, _ summary: String, _ id: String) -> KnownEventType {
        KnownEventType(.weseedo, "\(subject)_DELETED", summary, #"{"id":"\#(id)"}"#)
    }

    private static let parties: [KnownEventType] = [
        ("USER", "user", "u-17", #"{"id":"u-17","name":"Ada Smit","email":"ada@acme.example","role":"agent","suspended":false}"#),
        ("SITE", "site", "s-12", #"{"id":"s-12","name":"Front desk","company":{"id":"c-40","name":"Acme"}}"#),
        ("COMPANY", "company", "c-40", #"{"id":"c-40","name":"Acme","dealer":{"id":"d-5","name":"Northern Video"},"suspended":false}"#),
        (
            "DEALER", "dealer", "d-5",
            #"{"id":"d-5","name":"Northern Video","reseller":{"id":"r-1","name":"Video Group"},"suspended":false}"#
        ),
    ].flatMap { subject, word, id, example in
        [
            KnownEventType(.weseedo, "\(subject)_CREATED", "A \(word) was created.", example),
            KnownEventType(.weseedo, "\(subject)_CHANGED", "A \(word) was changed.", example),
            deleted(subject, "A \(word) was deleted.", id),
        ]
    }
}
