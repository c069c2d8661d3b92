import PosthornBenchReports

/// The rounds of a comparison, each of which runs what is compared, one after the other.
enum Rounds {
    /// Makes the rounds.
    /// - Parameter round: Runs what is compared, and returns the engine's run.
    /// - Returns: The engine's last run.
    static func make(_ count: Int, _ round: () throws -> DeliveryRun) throws -> DeliveryRun {
        var last: DeliveryRun?
        for _ in 0..<count { last = try round() }
        guard let last else { throw BenchProblem("no round was made") }
        return last
    }
}
