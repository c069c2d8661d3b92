import PosthornStore

extension TopologySource {
    /// The endpoint with this id, unless it is removed. As Swift compares texts, so that it is found however its id is typed.
    func currentEndpoint(_ id: String, withCredentials: Bool) throws(OutboxProblem) -> StoredEndpoint? {
        let endpoint = try endpoint(lookingLike: id, withCredentials: withCredentials)
        return endpoint?.state == .removed ? nil : endpoint
    }
}
