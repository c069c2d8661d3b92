import Posthorn
import PosthornModel
import PosthornSending

extension Engine {
    /// Delivers what an outbox has, and answers the requests itself, so that every row is what an engine writes: one in fifty events is never
    /// taken.
    static func deliverMost(of outbox: Outbox) throws {
        var configuration = EngineConfiguration(speed: 1_000_000, untilSettled: true)
        configuration.transport = { request in
            let fails = request.event.utf8.reduce(0) { $0 &* 31 &+ Int($1) } % 50 == 0
            return AttemptOutcome(
                started: request.time,
                durationMicroseconds: 1500,
                status: fails ? 503 : 200,
                error: fails ? .status : nil,
                errorText: fails ? "answered 503" : ""
            )
        }
        try Engine(outbox: outbox, configuration: configuration).run()
    }
}
