/// What is wrong with a stored endpoint. Its settings hold a harmless value in place of each that could not be read.
public struct EndpointFault: Sendable, Equatable {
    /// The first thing that could not be read.
    public let problem: OutboxProblem
    /// Whether its credentials are among what could not be read.
    public let losesCredentials: Bool

    /// Creates a fault.
    public init(_ problem: OutboxProblem, losesCredentials: Bool) {
        self.problem = problem
        self.losesCredentials = losesCredentials
    }
}
