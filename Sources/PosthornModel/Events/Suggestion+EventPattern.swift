package import PosthornText

extension Suggestion {
    /// The type that comes nearest to a pattern of event types, by how much of the pattern would have to be written otherwise;
    /// `nil` when that is more than `limit`, or than a third of the pattern.
    package static func nearest(to pattern: EventPattern, among types: [String], limit: Int = .max) -> String? {
        let bytes = Array(pattern.text.lowercased().utf8)
        let ranked = types.map { (type: $0, distance: distance(bytes, Array($0.lowercased().utf8), withStars: true)) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= min(limit, max(1, bytes.count / 3))
        else { return nil }
        return best.type
    }
}
