import PosthornModel
import PosthornSending
import PosthornStore

extension EndpointDirectory {
    /// Where the requests of one revision go. An object, because it is looked up for every delivery.
    final class Target {
        let endpoint: Int
        /// `nil` when no request can be made for it, or it is to be made again. `unchecked` for the same reason as ``Table``.
        @exclusivity(unchecked) var sendTarget: SendTarget?
        var composer: SwappableComposer

        init(endpoint: Int, sendTarget: SendTarget?, composer: SwappableComposer) {
            self.endpoint = endpoint
            self.sendTarget = sendTarget
            self.composer = composer
        }

        /// Lets go of the target itself and says whether requests hold it, or one before it, so that they are to get what the
        /// composer is exchanged for. Only the writer's thread hands out targets, so there is no new holder meanwhile.
        func isHeldWhenLetGo() -> Bool {
            sendTarget = nil
            return !isKnownUniquelyReferenced(&composer)
        }
    }
}

extension StoredEndpoint {
    /// Whether requests that are accepted now go to this address. One that waits still goes to the address of its time, and its answer says
    /// nothing of the one that the endpoint has now.
    func isCalled(at url: EndpointURL) -> Bool { (try? EndpointURL(settings.url)) == url }
}

extension StoredRevision {
    /// The newest settings of its endpoint, with URL, method and envelope as they were when its deliveries were accepted; and that URL as it
    /// is called, `nil` when it is none.
    func pinned(on newest: EndpointSettings) -> (settings: EndpointSettings, url: EndpointURL?) {
        // Where it was to go is not known any more: the newest settings are the best that there is.
        guard !isDamaged, let own = try? EndpointURL(url) else { return (newest, try? EndpointURL(newest.url)) }
        var settings = newest
        (settings.url, settings.method, settings.envelope) = (url, method, envelope)
        return (settings, own)
    }
}
