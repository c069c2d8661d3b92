import PosthornText
import Testing

@testable import Posthorn

/// Parts of lists by name.
@Suite struct NamedPageTests {
    private struct Name: Named { let name: String }

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
            var list = SortedPieces<Name>()
            for name in all.shuffled(using: &random) { list.put(Name(name: name)) }
            let cursor = "n\(Int.random(in: 0...99, using: &random))"
            for place in [.beginning, .behind(cursor), .before(cursor)] as [NamedPage<String>.Place] {
                let limit = Int.random(in: 1...9, using: &random)
                let page = NamedPage(of: list, place, limit: limit, where: { $0.name.utf8.count % 3 != left }, \.name)
                let truth = whole(matching, place, limit)
                #expect(page.elements == Array(truth.part))
                #expect(page.elements.isEmpty || (page.hasPrevious == truth.before && page.hasNext == truth.behind))
            }
        }
    }

    @Test func onlyElementsNearThePartAreAskedFor() {
        var list = SortedPieces<Name>()
        for number in 0..<10_000 { list.put(Name(name: String(10_000 + number))) }
        var asked = 0
        let page = NamedPage(
            of: list,
            .behind("15000"),
            limit: 5,
            where: { _ in
                asked += 1
                return true
            },
            \.name
        )
        #expect(page.elements == (15_001...15_005).map { String($0) } && page.hasPrevious && page.hasNext && asked == 7)
    }

    @Test func namesThatBeginWithATextAreFoundWithoutGoingThroughTheOthers() {
        var list = SortedPieces<Name>()
        for number in 0..<10_000 { list.put(Name(name: String(10_000 + number))) }
        // The second character goes on behind the text, so the name does not begin with it.
        for name in ["12\u{301}", "aé", "ae\u{301}b", "ae"] { list.put(Name(name: name)) }
        func found(_ prefix: String, _ place: NamedPage<String>.Place = .beginning) -> (page: NamedPage<String>, asked: Int) {
            var asked = 0
            let page = NamedPage(
                of: list,
                in: list.range(ofNamesBeginningWith: prefix),
                place,
                limit: 5,
                where: { name in
                    asked += 1
                    return name.name.hasPrefix(prefix)
                },
                \.name
            )
            return (page, asked)
        }
        let first = found("15")
        #expect(first.page.elements == (15_000...15_004).map { String($0) } && first.asked == 6)
        #expect(!first.page.hasPrevious && first.page.hasNext)
        let last = found("15", .behind("15996"))
        #expect(last.page.elements == ["15997", "15998", "15999"] && last.page.hasPrevious && !last.page.hasNext && last.asked == 4)
        let before = found("15", .before("15003"))
        #expect(before.page.elements == ["15000", "15001", "15002"] && before.asked == 4)
        #expect(!before.page.hasPrevious && before.page.hasNext)
        // A place outside of those that begin so.
        #expect(found("15", .behind("2")).page.elements.isEmpty && found("15", .before("1")).page.elements.isEmpty)
        #expect(found("none").asked == 0 && found("none").page.elements.isEmpty)
        #expect(found("aé").page.elements == ["aé", "ae\u{301}b"] && found("ae").page.elements == ["ae"])
    }

    /// Against a plain sorted list, with pieces that grow, are split, shrink and are joined.
    @Test func piecesAreOneSortedList() {
        var random = SeededGenerator(seed: 5)
        var list = SortedPieces<Name>()
        var truth: Set<String> = []
        for turn in 0..<12 {
            let grows = turn % 3 != 2
            for _ in 0..<600 {
                let name = "n\(Int.random(in: 0..<3000, using: &random))"
                if grows { truth.insert(name) } else { truth.remove(name) }
                if grows { list.put(Name(name: name)) } else { list.remove(name) }
            }
            let before = list
            let names = truth.sorted()
            #expect(list.map(\.name) == names && list.count == names.count && list.reversed().map(\.name) == names.reversed())
            for name in names.prefix(50) { list.remove(name) }
            // A copy has what it had.
            #expect(before.map(\.name) == names && list.map(\.name) == Array(names.dropFirst(50)))
            for name in names.prefix(50) { list.put(Name(name: name)) }
            let probe = "n\(Int.random(in: 0..<3000, using: &random))"
            #expect((list.element(named: probe) != nil) == truth.contains(probe))
            #expect(list[list.firstIndex(behind: probe)...].map(\.name) == names.filter { $0 > probe })
        }
        for name in truth { list.remove(name) }
        #expect(list.isEmpty && list.count == 0 && list.startIndex == list.endIndex)
    }
}
