import PosthornFormats
import PosthornModel
import PosthornStore

extension EndpointDirectory {
    /// One endpoint at one generation. An object, because a copy of its settings for every delivery would cost more than
    /// all else that is decided about it.
    final class Entry {
        let stored: StoredEndpoint
        /// For its current revision; when its settings cannot work, the reason.
        let composer: Result<EndpointComposer, InputProblem>
        /// Takes its secrets out of what receivers send back; `nil` when it has none.
        let redactor: SecretRedactor?
        /// Why nothing can be sent to it whatever its state, for people; what is for it waits. `nil` when all is well.
        let fault: String?
        /// Whether deliveries go out.
        let isActive: Bool
        let retry: RetrySchedule
        /// In which order its deliveries go out, if in any.
        let order: DeliveryOrder?
        /// Whether there are events that its format cannot carry.
        let mayRefuse: Bool

        init(stored: StoredEndpoint, composer: Result<EndpointComposer, InputProblem>, redactor: SecretRedactor?) {
            self.stored = stored
            self.composer = composer
            self.redactor = redactor
            fault = EndpointDirectory.fault(of: stored, composer)
            isActive = stored.state == .active && fault == nil
            retry = stored.settings.retry
            order = stored.settings.order
            mayRefuse = UncarriedDelivery.mayHappen(stored, composer)
        }
    }

    /// What has changed for those who follow the directory.
    struct Changes {
        /// Whether all of it was read again.
        var isWhole = false
        /// The places of what has changed otherwise.
        var indices: Set<Int> = []
        /// Whether nodes may limit their endpoints otherwise than before, those too of which nothing else has changed.
        var areLimitsNew = false
    }

    /// Makes requests for an endpoint; the reason when its settings cannot work.
    static func composer(_ settings: EndpointSettings, at now: Timestamp) -> Result<EndpointComposer, InputProblem> {
        do throws(InputProblem) { return .success(try EndpointComposer(settings.withCalledURL, now: now)) } catch { return .failure(error) }
    }
}
