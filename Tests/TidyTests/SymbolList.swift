/// The list of public symbols, a line each: what there is, and with a `-` in front what there was in the release before.
struct SymbolList: Equatable {
    private(set) var present: Set<String> = []
    private(set) var gone: Set<String> = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            if line.hasPrefix("- ") { gone.insert(String(line.dropFirst(2))) } else { present.insert(String(line)) }
        }
    }

    /// The list that follows this one when these symbols are there.
    func followed(by found: Set<String>) -> SymbolList {
        var next = self
        next.present = found
        next.gone = gone.union(present).subtracting(found)
        return next
    }

    var text: String { (present.sorted() + gone.sorted().map { "- " + $0 }).map { $0 + "\n" }.joined() }

    /// Names of what is gone that a text does not name: `Type.member` without its arguments, or the type alone where that is gone too.
    func unsaid(in text: String) -> [String] {
        let names = gone.map { Self.name(of: $0) }
        return Set(names).filter { name in
            let isSaid: (Substring) -> Bool = { text.contains("`\($0)`") || text.contains("`\($0)(") }
            let type = name.split(separator: ".").first ?? ""
            let isWhole = names.contains(String(type))
            return !isSaid(Substring(name)) && !(isWhole && isSaid(type))
        }.sorted()
    }

    /// `Posthorn Outbox.emit(_:): func emit…` is `Outbox.emit`.
    private static func name(of line: String) -> String {
        let path = line.split(separator: " ").dropFirst().first ?? ""
        return String(path.prefix { $0 != "(" && $0 != ":" })
    }
}
