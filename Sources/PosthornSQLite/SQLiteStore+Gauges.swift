import Glibc
import PosthornModel
package import PosthornStore
import PosthornText

extension SQLiteStore {
    /// One row of counts, the first row of each of two indexes, the endpoints' index by state, and the sizes of the files.
    package func gauges() throws(OutboxProblem) -> OutboxGauges {
        var gauges = OutboxGauges()
        gauges.deliveries = try counts().byState
        let endpoints = try connection.prepare("SELECT state, count(*) FROM posthorn_endpoint GROUP BY state")
        while try endpoints.step() {
            if let state = EndpointState(rawValue: endpoints.text(0)) { gauges.endpoints[state] = endpoints.integer(1) }
        }
        let ready = try connection.integer(
            "SELECT next_attempt_at FROM posthorn_delivery WHERE state = 'pending' AND attempts = 0 ORDER BY id LIMIT 1"
        )
        let retry = try nextRetry(after: Timestamp(milliseconds: .min))
        gauges.firstDue = [ready.map(Timestamp.init(milliseconds:)), retry].compactMap { $0 }.min()
        let pages = try connection.integer("PRAGMA page_count") ?? 0
        gauges.bytes = pages * (try connection.integer("PRAGMA page_size") ?? 0)
        var facts = stat()
        // Without a log there is nothing in it.
        gauges.logBytes = stat(connection.realPath + "-wal", &facts) == 0 ? Int64(facts.st_size) : 0
        return gauges
    }
}
