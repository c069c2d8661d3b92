import Testing

/// How the list of public symbols goes on from one change to the next.
@Suite struct SymbolListTests {
    private let before = SymbolList("Posthorn A: struct A\nPosthorn A.b(_:): func b(_ c: Int)\n")

    @Test func newSymbolsAreAddedToTheList() {
        let after = before.followed(by: before.present.union(["Posthorn C: struct C"]))
        #expect(after.present.count == 3 && after.gone.isEmpty)
        #expect(SymbolList(after.text) == after)
    }

    @Test func removedSymbolsStayInTheListUntilTheyComeBack() {
        let after = before.followed(by: ["Posthorn A: struct A"])
        #expect(after.text == "Posthorn A: struct A\n- Posthorn A.b(_:): func b(_ c: Int)\n")
        #expect(SymbolList(after.text) == after)
        #expect(after.followed(by: ["Posthorn A: struct A"]) == after)
        #expect(after.followed(by: before.present) == before)
    }

    @Test(arguments: [
        ("nothing", ["A.b"]), ("`A.b` is gone", []), ("`A.b(_:)` is gone", []), ("A.b without a mark", ["A.b"]), ("`A` changed", ["A.b"]),
    ])
    func removalsAreReportedByName(_ changes: String, _ unsaid: [String]) {
        #expect(before.followed(by: ["Posthorn A: struct A"]).unsaid(in: changes) == unsaid)
    }

    @Test func aTypeThatIsGoneSaysItForItsMembers() {
        #expect(before.followed(by: []).unsaid(in: "`A` is gone").isEmpty)
        #expect(before.followed(by: []).unsaid(in: "`A.b` is gone") == ["A"])
    }
}
