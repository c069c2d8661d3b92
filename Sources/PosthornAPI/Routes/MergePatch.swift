import PosthornText

/// JSON Merge Patch (RFC 7396).
enum MergePatch {
    /// What a document becomes by a patch: members of objects are replaced, those that are null removed, all else is replaced whole.
    static func apply(_ patch: JSONValue, to target: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [JSONValue.Member] = if case .object(let members) = target { members } else { [] }
        for change in changes {
            let place = members.firstIndex { $0.key == change.key }
            if change.value == .null {
                if let place { members.remove(at: place) }
            } else {
                let member = JSONValue.Member(change.key, apply(change.value, to: place.map { members[$0].value } ?? .null))
                if let place { members[place] = member } else { members.append(member) }
            }
        }
        return .object(members)
    }
}
