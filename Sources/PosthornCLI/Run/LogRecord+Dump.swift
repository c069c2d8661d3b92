import Posthorn
import PosthornModel
import PosthornSending
import PosthornText

// What SIGUSR1 has a run log.
extension LogRecord {
    /// What the senders are doing.
    init(senders statistics: EngineStatistics) {
        let senders = statistics.senders
        self.init(
            .info,
            "senders",
            senders == nil ? "the engine delivers nothing: it starts, stands by, or ends" : "what the senders are doing",
            [
                Field("attempts", statistics.attempts), Field("delivered", statistics.delivered), Field("exhausted", statistics.exhausted),
                Field("queued", senders?.queued ?? 0), Field("in_flight", senders?.inFlight ?? 0),
                Field("waiting_for_names", senders?.waitingForNames ?? 0),
                Field("waiting_for_connections", senders?.waitingForConnections ?? 0),
                Field("hosts", senders?.hosts ?? 0), Field("connections_opened", senders?.connectionsOpened ?? 0),
                Field("full_handshakes", senders?.fullHandshakes ?? 0), Field("resumed_handshakes", senders?.resumedHandshakes ?? 0),
                Field("endpoints", senders?.endpoints ?? 0),
                Field("sender_cpu_ms", (senders?.threadCPUMicroseconds.reduce(0, +) ?? 0) / 1000),
            ]
        )
    }

    /// What the writer has in memory, and the endpoints with most of it.
    static func records(of snapshot: EngineSnapshot) -> [LogRecord] {
        var fields = [
            Field("claims", snapshot.claims), Field("claim_limit", snapshot.claimLimit), Field("claim_bytes", snapshot.claimBytes),
            Field("claim_byte_limit", snapshot.claimByteLimit), Field("stalled", snapshot.isStalled ? "yes" : "no"),
            Field("read_up_to_delivery", snapshot.readyFrontier),
        ]
        // Before anything was due there is no time to show.
        if snapshot.retryFrontier > 0 {
            fields.append(Field("retries_read_up_to", Timestamp(milliseconds: snapshot.retryFrontier).description))
        }
        fields += [
            Field("endpoints_with_more", snapshot.passedOver), Field("endpoints_with_more_retries", snapshot.retriesPassedOver),
            Field("throttled", snapshot.throttled), Field("unrecorded", snapshot.unrecorded),
            Field("storage", snapshot.storageFailed ? "failed" : snapshot.claimFailed ? "unreadable" : "ok"),
        ]
        let shares = snapshot.endpoints.map { share in
            LogRecord(
                .info,
                "endpoint_in_memory",
                "deliveries of an endpoint in memory",
                [
                    Field("endpoint", share.endpoint), Field("held", share.held), Field("limit", share.limit), Field("bytes", share.bytes),
                    Field("more_waits", share.isPassedOver ? "yes" : "no"),
                ]
            )
        }
        return [LogRecord(.info, "in_memory", "what the engine has in memory", fields)] + shares
    }
}
