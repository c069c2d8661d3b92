/// An engine that was asked for what it cannot do.
public struct EngineProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of misuse, fit for a metric's label.
    public enum Code: String, Sendable, CaseIterable {
        /// It was started already; one start is enough.
        case alreadyStarted = "already_started"
        /// It has ended, or was stopped before it began, and an engine runs once.
        case hasEnded = "has_ended"

        /// What it means, for documents.
        public var sentence: String {
            switch self {
            case .alreadyStarted: "The engine was started already; one start is enough."
            case .hasEnded: "The engine has ended, or was stopped before it began, and an engine runs once."
            }
        }
    }

    /// What kind of misuse it is.
    public let code: Code

    /// One line for people, with what to do.
    public var description: String {
        switch code {
        case .alreadyStarted: "the engine was started already; call start() or run() once"
        case .hasEnded: "the engine has ended, and an engine runs once; make a new one"
        }
    }
}
