import PosthornBenchReports
import Testing

@Suite struct GateTests {
    private let result = FigureList(
        title: "A run",
        settings: [("events", 10)],
        figures: [Figure("seconds", "seconds", 9), Figure("commits", "commits", 2)]
    )

    private func problem(_ text: String) -> BenchProblem? {
        do {
            try Gate(text).check(result)
            return nil
        } catch { return error as? BenchProblem }
    }

    @Test func boundsAreReadWithTheirSideAndLimit() throws {
        let bounds = try Gate("seconds<=9.5,commits>=2").bounds
        #expect(bounds.map(\.figure) == ["seconds", "commits"])
        #expect(bounds.map(\.isUpper) == [true, false])
        #expect(bounds.map(\.limit) == [9.5, 2])
    }

    @Test(arguments: ["seconds<=9", "seconds>=9", "commits>=2,seconds<=10", "commits<=2.5"])
    func aFigureOnItsLimitOrWithinItPasses(_ text: String) {
        #expect(problem(text) == nil)
    }

    @Test func aBrokenBoundNamesTheFigureItsLimitAndItsValue() {
        #expect(problem("seconds<=8.5")?.description == "gate seconds<=8.5 is broken: seconds is 9.0")
        #expect(problem("seconds<=9,commits>=3")?.description == "gate commits>=3.0 is broken: commits is 2.0")
        #expect(problem("commits>=3")?.exitStatus == 1)
    }

    @Test func aBoundOnAFigureThatIsNotThereIsWrongUsage() {
        #expect(problem("minutes<=1")?.exitStatus == 2)
        #expect(problem("minutes<=1")?.description.contains("minutes") == true)
        // A setting is no figure.
        #expect(problem("events<=10")?.exitStatus == 2)
    }

    @Test(arguments: ["seconds", "seconds<9", "seconds<=", "seconds<=nine", "seconds==9", "seconds<=9,commits", "", "<=9", "seconds<=9,"])
    func malformedBoundsAreRefusedByName(_ text: String) {
        #expect(problem(text)?.exitStatus == 2)
        #expect(problem(text)?.description.hasPrefix("--gate wants FIGURE<=NUMBER") == true)
    }
}
