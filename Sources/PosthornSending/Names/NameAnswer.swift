package import PosthornSystem

/// What a name server said, or why it said nothing.
package enum NameAnswer: Sendable, Hashable {
    /// The addresses, in the system's order of preference.
    case addresses([NetworkAddress])
    /// The system's words for the failure.
    case failure(String)
    /// This process has no descriptor left to ask with.
    case noDescriptor
    /// So many names are waiting that this one is not asked for now.
    case noRoom
    /// None of the name servers answers anything.
    case noServer

    /// Whether it is the answer that there is none.
    var isFailure: Bool { if case .failure = self { true } else { false } }

    /// Whether it says something about the name, not about this machine.
    var isAboutName: Bool {
        switch self {
        case .addresses, .failure: true
        case .noDescriptor, .noRoom, .noServer: false
        }
    }
}

/// Asks for the addresses of a name and blocks meanwhile.
package typealias NameLookup = @Sendable (String) -> NameAnswer

/// Why there is no answer about a name yet.
enum NameLateness: Sendable, Hashable {
    /// It has not been asked for, or not long enough, since others were before it; or this machine can't find out more.
    case notAsked
    /// The name servers answer, but nothing about this name.
    case nameIsSilent
    /// None of the name servers answers anything.
    case serversAreSilent

    /// That of a name that was asked for.
    /// - Parameter serversAnswer: Whether any name server answers anything; `nil` when that is unknown.
    init(serversAnswer: Bool?) {
        self =
            switch serversAnswer {
            case true: .nameIsSilent
            case false: .serversAreSilent
            case nil: .notAsked
            }
    }
}
