import PosthornBenchReports

/// A client that makes whole TLS handshakes and nothing else: `openssl s_time`.
enum HandshakeClient {
    private static let seconds = 5

    /// Lets it connect to a receiver for some seconds, judging the certificate by the same authorities; a refusal would not end it.
    /// - Returns: Its CPU µs for each connection. The authorities, which it reads once, are less than 1 % of that.
    static func microsecondsPerHandshake(_ receiver: BenchReceiver) throws -> Double {
        guard let caFile = receiver.caFile else { throw BenchProblem("the receiver does not speak TLS") }
        let (opened, used) = (try receiver.connections().opened, Measurement.cpuSecondsOfEndedChildren())
        let words = ["s_time", "-new", "-connect", "127.0.0.1:\(receiver.port)", "-CAfile", caFile, "-verify", "3", "-time", "\(seconds)"]
        try ChildProcess(running: "openssl", words, isQuiet: true).wait(for: "openssl s_time")
        let count = try receiver.connections().opened - opened
        guard count > 0 else { throw BenchProblem("openssl s_time made no connection") }
        return (Measurement.cpuSecondsOfEndedChildren() - used) / Double(count) * 1e6
    }
}
