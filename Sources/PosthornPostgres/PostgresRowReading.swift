#if PostgreSQL
import PosthornModel
import PosthornStore
import PosthornText

/// Reads the values of a row one by one and remembers what was wrong.
struct PostgresRowReading {
    private let damaged: OutboxProblem
    private var first: OutboxProblem?
    private var losesCredentials = false

    /// - Parameter damaged: What is wrong when a value means nothing to this program.
    init(damaged: OutboxProblem) { self.damaged = damaged }

    var fault: EndpointFault? { first.map { EndpointFault($0, losesCredentials: losesCredentials) } }

    mutating func value<Value>(_ read: Value?, else substitute: Value) -> Value {
        if read == nil { note(damaged) }
        return read ?? substitute
    }

    mutating func credentials(_ read: () throws(OutboxProblem) -> [String: JSONValue]) -> [String: JSONValue] {
        do throws(OutboxProblem) { return try read() } catch {
            note(error)
            losesCredentials = true
            return [:]
        }
    }

    mutating func headers(_ read: () throws(OutboxProblem) -> [EndpointSettings.Header]) -> [EndpointSettings.Header] {
        do throws(OutboxProblem) { return try read() } catch {
            note(error)
            return []
        }
    }

    private mutating func note(_ problem: OutboxProblem) { first = first ?? problem }
}
#endif
