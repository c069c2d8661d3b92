public import PosthornModel
public import PosthornStore

/// Why an ``Outbox`` did not do what it was asked: something that was handed in was refused, or the store failed.
///
/// ```swift
/// do {
///     try outbox.emit(event)
/// } catch .input(let problem) where problem.code == .conflict {
///     // The id is another event's.
/// } catch .store(let problem) where problem.mayPass {
///     // Nothing is stored; the same call can be made again.
/// }
/// ```
public enum OutboxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Something that was handed in is refused: which field, its value, and why.
    case input(InputProblem)
    /// An event of a batch is refused, so that nothing of the batch is stored.
    case event(EmitRefusal)
    /// The outbox could not be read or written.
    case store(OutboxProblem)

    /// The error that another one is, if it is one of these or what one of these holds.
    public init?(_ error: any Error) {
        switch error {
        case let error as OutboxError: self = error
        case let problem as InputProblem: self = .input(problem)
        case let refusal as EmitRefusal: self = .event(refusal)
        case let problem as OutboxProblem: self = .store(problem)
        default: return nil
        }
    }

    /// What was refused; `nil` when the store failed.
    public var inputProblem: InputProblem? {
        switch self {
        case .input(let problem): problem
        case .event(let refusal): refusal.problem
        case .store: nil
        }
    }

    /// The kind of failure, fit for a metric's label: one of `InputProblem.Code` or `OutboxProblem.Code`.
    public var code: String {
        switch self {
        case .input(let problem): problem.code.rawValue
        case .event(let refusal): refusal.problem.code.rawValue
        case .store(let problem): problem.code.rawValue
        }
    }

    /// One line for people, with what to do.
    public var description: String { text { $0.sentence } }

    /// One line with a remedy in words of the caller's.
    /// - Parameter wording: Says a remedy as half a sentence.
    public func text(wording: (Remedy) -> String) -> String {
        switch self {
        case .input(let problem): problem.text(wording: wording)
        case .event(let refusal): "event \(refusal.index + 1): \(refusal.problem.text(wording: wording))"
        case .store(let problem): problem.text(wording: wording)
        }
    }
}
