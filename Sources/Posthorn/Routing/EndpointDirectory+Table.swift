import PosthornSystem

extension EndpointDirectory {
    /// What is looked up for every event and every delivery.
    struct Table {
        /// Endpoints by their index. Removed ones give their slot up as soon as nothing of theirs is under way, so that it stays
        /// as small as the topology however many come and go.
        var slots: [Entry?] = []
        var routes: [Route: (endpoints: [Int], node: String)] = [:]
        /// By their revisions.
        var targets = IntegerTable<Target?>()
        /// The revisions of those, by the numbers of their endpoints; of none, those for which there is no target.
        var revisions: [Int64?: Set<Int64>] = [:]
    }

    /// What decides who gets an event.
    struct Route: Hashable {
        let type: String
        let node: String
        let isOwn: Bool
    }
}
