import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText
import Synchronization

/// The figures of this process and its outbox, for Prometheus.
enum MetricsRoutes {
    static let path = "/metrics"

    /// - Parameter page: Makes the text.
    static func metrics(_ page: @escaping @Sendable () -> String) -> Route {
        Route(
            method: "GET",
            path: path,
            operation: "getMetrics",
            summary:
                "Metrics of this process and its outbox in Prometheus' text format. They are of the whole outbox, so keys of a node are refused.",
            access: .right(.readMetadata),
            answers: [
                Route.Answer(
                    status: 200,
                    description: "The metrics.",
                    type: "text/plain",
                    schema: Schema.string,
                    example: .string("posthorn_build_info{version=\"\(PosthornVersion.text)\"} 1\n")
                )
            ],
            handler: .plain { request in
                guard request.grant.node == nil else {
                    throw APIProblem(.forbidden, "metrics are of the whole outbox; use a key that has no node")
                }
                return HTTPResponse(headers: ["Content-Type": PrometheusText.contentType], body: Array(page().utf8))
            }
        )
    }
}

/// Takes what a scrape is answered from. What is read of the outbox is read once a second at most.
final class MetricsSource: Sendable {
    private struct Known {
        let gauges: OutboxGauges?
        let at: Int64
    }

    private let outbox: Outbox
    private let engine: @Sendable () -> EngineStatistics?
    private let known = Mutex<Known?>(nil)
    /// Set once, when the routes are there that it counts.
    let requests = Mutex<RequestMeter?>(nil)

    init(_ outbox: Outbox, _ options: API.Options) {
        self.outbox = outbox
        engine = options.engine
    }

    /// The text of one scrape. An outbox that cannot be read takes nothing from the rest.
    func page() -> String {
        MetricsPage.text(
            MetricsSample(
                outbox: outbox.meter.figures,
                commits: outbox.commits,
                gauges: gauges(),
                engine: engine(),
                requests: requests.withLock { $0 }?.figures ?? [],
                process: .now(),
                now: outbox.scoped(to: nil).now
            )
        )
    }

    private func gauges() -> OutboxGauges? {
        known.withLock { known in
            let now = MonotonicClock.nanoseconds()
            if let known, now - known.at < StatusCache.lifeNanoseconds { return known.gauges }
            let fresh = try? outbox.gauges()
            known = Known(gauges: fresh, at: MonotonicClock.nanoseconds())
            return fresh
        }
    }
}
