import Posthorn
import PosthornLab
import PosthornModel
import PosthornSending
import Synchronization

/// Hints about receivers that take nothing, as soon as that shows: retries go on for a day, and none of them may help.
final class FirstFailureHints: Sendable {
    private struct State {
        /// Endpoints that were spoken of.
        var told: Set<String> = []
        weak var simulator: VendorSimulator?
    }

    private let state = Mutex(State())
    private let hasFile: Bool
    private let hasVendorFile: Bool
    private let caFile: String?

    /// - Parameters:
    ///   - hasFile: Whether receivers come from a topology file.
    ///   - hasVendorFile: Whether a vendor's file says how requests are signed.
    ///   - caFile: The file of authorities that was named.
    init(hasFile: Bool, hasVendorFile: Bool, caFile: String?) {
        self.hasFile = hasFile
        self.hasVendorFile = hasVendorFile
        self.caFile = caFile
    }

    /// From now on, nothing is said of a simulation that a receiver has taken something of.
    func watch(_ simulator: VendorSimulator) { state.withLock { $0.simulator = simulator } }

    /// What is to be said of a failed attempt; `nil` mostly. From any thread.
    func line(_ update: DeliveryUpdate) -> String? {
        guard let failure = RequestFailure(update.outcome) else { return nil }
        let (isNew, simulator) = state.withLock { ($0.told.insert(update.endpoint).inserted, $0.simulator) }
        guard isNew, let simulator, simulator.progress.answered == 0,
            let settings = simulator.receivers.first(where: { $0.id == update.endpoint }), let url = try? EndpointURL(settings.url)
        else { return nil }
        let signature = hasVendorFile ? .vendorFile : settings.signature
        let hint = FailureHint(url: url, signature: signature, hasFile: hasFile, caFile: caFile)
        return hint.line(ofFirst: failure, detail: update.outcome.errorText)
    }
}
