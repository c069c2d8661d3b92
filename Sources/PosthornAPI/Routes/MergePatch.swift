import PosthornText

/// JSON Merge Patch (RFC 7396).
enum MergePatch {
    /// What a document becomes by a patch: members of objects are replaced, those that are null removed, all else is replaced whole.
    static func apply(_ patch: JSONValue, to target: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [JSONValue.Member?] = if case .object(let members) = target { members } else { [] }
        // The place of each key: to look for them one by one takes a patch of many keys a time that grows with their square.
        var places = Dictionary(members.indices.compactMap { i in members[i].map { ($0.key, i) } }, uniquingKeysWith: { first, _ in first })
        for change in changes {
            let place = places[change.key]
            if change.value == .null {
                if let place { members[place] = nil }
                places[change.key] = nil
            } else {
                let member = JSONValue.Member(change.key, apply(change.value, to: place.flatMap { members[$0]?.value } ?? .null))
                if let place {
                    members[place] = member
                } else {
                    places[change.key] = members.count
                    members.append(member)
                }
            }
        }
        return .object(members.compactMap { $0 })
    }
}
