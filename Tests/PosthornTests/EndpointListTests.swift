import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// Endpoints of a tree by their state and order.
@Suite struct EndpointListTests {
    private static let states: [EndpointState] = [.active, .unverified, .disabled]

    private func item(_ number: Int, _ state: EndpointState, inOrder: Bool = false) -> EndpointItem {
        var settings = EndpointSettings(id: "e\(10_000 + number)", node: "n", url: "https://a.example/")
        if inOrder { settings.order = DeliveryOrder(.endpoint) }
        let key = Int64(number)
        return EndpointItem(StoredEndpoint(key: key, revision: key, settings: settings, state: state, stateReason: nil))
    }

    private func names(
        _ list: EndpointList,
        _ choice: EndpointChoice,
        _ place: NamedPage<String>.Place,
        _ limit: Int
    ) -> NamedPage<String> {
        NamedPage(of: list.lists(of: choice), place, limit: limit, where: choice.matches, \.name)
    }

    /// What going through all of them finds, while the list grows beyond what is gone through, and endpoints change and go.
    @Test func whatIsChosenIsWhatGoingThroughAllFinds() {
        var random = SeededGenerator(seed: 3)
        var list = EndpointList()
        var truth: [String: EndpointItem] = [:]
        for turn in 0..<6000 {
            let number = Int.random(in: 0..<2500, using: &random)
            if turn > 4000, turn % 3 == 0 {
                list.remove("e\(10_000 + number)")
                truth["e\(10_000 + number)"] = nil
            } else {
                let made = item(number, Self.states.randomElement(using: &random)!, inOrder: Int.random(in: 0..<9, using: &random) == 0)
                list.put(made)
                truth[made.name] = made
            }
            guard turn % 200 == 0 else { continue }
            let all = truth.values.sorted { $0.name < $1.name }
            let choices = [
                EndpointChoice(), EndpointChoice(states: [.disabled]), EndpointChoice(states: [.active, .unverified]),
                EndpointChoice(states: Set(Self.states)), EndpointChoice(inOrder: true),
            ]
            let cursor = "e\(10_000 + Int.random(in: 0..<2500, using: &random))"
            for choice in choices {
                let matching = all.filter(choice.matches).map(\.name)
                let behind = names(list, choice, .behind(cursor), 7)
                let rest = matching.drop { $0 <= cursor }
                #expect(behind.elements == Array(rest.prefix(7)) && (behind.elements.isEmpty || behind.hasNext == (rest.count > 7)))
                let before = names(list, choice, .before(cursor), 7)
                let others = matching.prefix { $0 < cursor }
                #expect(before.elements == Array(others.suffix(7)) && (before.elements.isEmpty || before.hasPrevious == (others.count > 7)))
                #expect(names(list, choice, .beginning, 7).elements == Array(matching.prefix(7)))
            }
            #expect(list.counts == all.reduce(into: [:]) { $0[$1.state, default: 0] += 1 })
        }
    }

    @Test func aFewAmongVeryManyAreFoundWithoutTheOthers() {
        var list = EndpointList()
        for number in 0..<5000 { list.put(item(number, number % 1000 == 500 ? .disabled : .active, inOrder: number == 4000)) }
        for (choice, count) in [(EndpointChoice(states: [.disabled]), 5), (EndpointChoice(inOrder: true), 1)] {
            var asked = 0
            let page = NamedPage(
                of: list.lists(of: choice),
                .beginning,
                limit: 25,
                where: { item in
                    asked += 1
                    return choice.matches(item)
                },
                \.name
            )
            #expect(page.elements.count == count && !page.hasNext && asked == count)
        }
    }
}
