import Posthorn
import PosthornAPI
import PosthornHTTP
import PosthornModel

extension LogRecord {
    /// The API is open.
    init(listening place: String, hasKeys: Bool) {
        let sentence =
            hasKeys
            ? "the HTTP API is open"
            : "the HTTP API is open to every program of this machine, because there is no key yet; posthorn key create makes one"
        self.init(hasKeys ? .info : .warn, "api_listening", sentence, [Field("address", place), Field("keys", hasKeys ? "yes" : "none")])
    }

    /// Endpoints that are to have metrics are none.
    init(unknownMetricsEndpoints ids: [String]) {
        self.init(
            .warn,
            "metrics_endpoints_unknown",
            "--metrics-endpoints names endpoints that there are not; their metrics stay 0 until they are made",
            [Field("endpoints", ids.map { InputProblem.printable($0) }.joined(separator: ","))]
        )
    }

    /// A request was answered, or came to nothing.
    init(_ line: APIAccess) {
        let access = line.access
        var fields = [Field("request", access.id.description)]
        if let method = access.head?.method { fields.append(Field("method", method)) }
        fields.append(Field("route", line.route ?? "none"))
        if let status = access.status { fields.append(Field("status", status)) }
        fields.append(Field("outcome", access.outcome.rawValue))
        fields.append(Field("duration_us", access.durationNanoseconds / 1000))
        fields.append(Field("body_bytes", access.bodyBytes))
        if let key = line.keyID { fields.append(Field("key", key)) }
        if !access.remoteAddress.isEmpty { fields.append(Field("address", access.remoteAddress)) }
        self.init(line.isScrape ? .debug : .info, "request", "request", fields)
    }

    /// A copy of the outbox was made, or could not be.
    init(backup copy: BackupFolder.Copy, _ result: Result<BackupReport, OutboxProblem>, in folder: String) {
        let path = Field("path", TerminalText.text("\(folder)/\(copy.file)"))
        switch result {
        case .success(let report):
            self.init(
                .info,
                "backup_made",
                "a copy of the outbox was made and checked",
                [path, Field("bytes", report.bytes), Field("events", report.events)]
            )
        case .failure(let problem):
            let sentence = "the outbox could not be copied: \(Program.message(of: problem))"
            self.init(.error, "backup_failed", sentence, [path, Field("code", problem.code.rawValue)])
        }
    }

    /// A request failed for no fault of its own.
    init(api problem: any Error, request id: HTTPRequestID) {
        var fields = [Field("request", id.description)]
        if let problem = problem as? OutboxProblem { fields.append(Field("code", problem.code.rawValue)) }
        self.init(.error, "request_failed", "a request failed: \(Program.message(of: problem))", fields)
    }
}
