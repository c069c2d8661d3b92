import PosthornText
import Testing

@testable import Posthorn

/// Parts of lists by name.
@Suite struct NamedPageTests {
    /// What going through the whole list finds.
    private func whole(_ names: [String], _ place: NamedPage<String>.Place, _ limit: Int) -> (
        part: ArraySlice<String>, before: Bool, behind: Bool
    ) {
        let part =
            switch place {
            case .beginning: names.prefix(limit)
            case .behind(let last): names.drop { $0 <= last }.prefix(limit)
            case .before(let first): names.prefix { $0 < first }.suffix(limit)
            }
        return (part, part.startIndex > 0, part.endIndex < names.count)
    }

    @Test func aPartIsWhatGoingThroughTheWholeListFinds() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<400 {
            let all = Set((0..<Int.random(in: 0...60, using: &random)).map { _ in "n\(Int.random(in: 0...99, using: &random))" }).sorted()
            let left = Int.random(in: 0...2, using: &random)
            let matching = all.filter { $0.utf8.count % 3 != left }
            let cursor = "n\(Int.random(in: 0...99, using: &random))"
            for place in [.beginning, .behind(cursor), .before(cursor)] as [NamedPage<String>.Place] {
                let limit = Int.random(in: 1...9, using: &random)
                let page = NamedPage(of: all.count, place, limit: limit, name: { all[$0] }) {
                    all[$0].utf8.count % 3 != left ? all[$0] : nil
                }
                let truth = whole(matching, place, limit)
                #expect(page.elements == Array(truth.part))
                #expect(page.elements.isEmpty || (page.hasPrevious == truth.before && page.hasNext == truth.behind))
            }
        }
    }

    @Test func onlyElementsNearThePartAreAskedFor() {
        var asked = 0
        let page = NamedPage(of: 1_000_000, .behind("500000"), limit: 5, name: { String(1_000_000 + $0).dropFirst().description }) {
            position in
            asked += 1
            return position
        }
        #expect(page.elements == Array(500_001...500_005) && page.hasPrevious && page.hasNext && asked == 7)
    }
}
