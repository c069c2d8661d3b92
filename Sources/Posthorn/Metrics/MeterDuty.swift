import PosthornStore

/// Counts attempts for metrics, once they are on disk.
final class MeterDuty: EngineDuty {
    private let directory: EndpointDirectory
    private let meter: OutboxMeter

    init(_ directory: EndpointDirectory, _ meter: OutboxMeter) {
        self.directory = directory
        self.meter = meter
    }

    func committed(_ results: CommittedResults) {
        meter.recorded(results.batches) { [directory] result in
            directory.index(ofEndpoint: result.job.target.key).map { directory[$0].stored.settings.id }
        }
    }
}
