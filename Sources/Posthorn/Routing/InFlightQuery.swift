/// Has requests under way, or their results.
protocol InFlightQuery: AnyObject {
    /// Whether the engine still runs.
    var isAttached: Bool { get }
    /// Whether anything of the endpoint with this index is under way.
    func holds(_ index: Int) -> Bool
}
