import PosthornOutbox

extension OutboxStore {
    /// The endpoint with this id, unless it is removed. As Swift compares texts, so that it is found however its id is typed.
    func presentEndpoint(_ id: String, withCredentials: Bool) throws(OutboxProblem) -> StoredEndpoint? {
        try topology(withCredentials: withCredentials, withRemoved: false).endpoints.first { $0.settings.id == id }
    }
}
