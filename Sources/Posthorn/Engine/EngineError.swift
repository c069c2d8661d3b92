public import PosthornStore
public import PosthornSystem

/// Why an ``Engine`` did not start, or ended.
public enum EngineError: Error, Sendable, CustomStringConvertible {
    /// It was asked for what it cannot do.
    case misuse(EngineProblem)
    /// The outbox cannot be owned, read or written, or its files were removed or replaced.
    case outbox(OutboxProblem)
    /// The system has no thread or descriptor left.
    case system(SystemProblem)

    /// The error that another one is, if it is one of these or what one of these holds.
    public init?(_ error: any Error) {
        switch error {
        case let error as EngineError: self = error
        case let problem as EngineProblem: self = .misuse(problem)
        case let problem as OutboxProblem: self = .outbox(problem)
        case OutboxError.store(let problem): self = .outbox(problem)
        case let problem as SystemProblem: self = .system(problem)
        default: return nil
        }
    }

    /// Any error that a method of an engine throws.
    package static func of(_ error: any Error) -> EngineError {
        EngineError(error) ?? .outbox(OutboxProblem(.other, "\(error)"))
    }

    /// The kind of failure, fit for a metric's label: one of `EngineProblem.Code` or `OutboxProblem.Code`, or `system`.
    public var code: String {
        switch self {
        case .misuse(let problem): problem.code.rawValue
        case .outbox(let problem): problem.code.rawValue
        case .system: "system"
        }
    }

    /// One line for people, with what to do.
    public var description: String {
        switch self {
        case .misuse(let problem): "\(problem)"
        case .outbox(let problem): "\(problem)"
        case .system(let problem): "\(problem)"
        }
    }
}
