import PosthornBenchReports
import Testing

/// Percentiles by nearest rank; the known answers are those of the definition's usual example, 15 20 35 40 50.
@Suite struct SampleTests {
    @Test(arguments: [(5.0, 15.0), (30, 20), (40, 20), (50, 35), (90, 50), (100, 50), (0, 15)])
    func aPercentileIsTheNearestRank(_ percent: Double, _ value: Double) {
        #expect(Sample([50, 15, 40, 35, 20]).percentile(percent) == value)
    }

    @Test func theMedianOfAnEvenNumberIsTheLowerOfTheMiddleTwo() {
        #expect(Sample([4, 1, 3, 2]).median == 2)
        #expect(Sample([7]).median == 7)
        #expect(Sample([3, 1, 2]).largest == 3)
    }

    @Test func emptySampleHasZeroStatistics() {
        #expect(Sample([]).median == 0)
        #expect(Sample([]).largest == 0)
    }

    @Test func pairsGiveBothMediansEachRatioAndTheRatiosMedian() {
        var pairs = PairedRuns()
        pairs.add(10, 20)
        pairs.add(30, 30)
        pairs.add(40, 10)
        let figures = pairs.figures("rate", "deliveries/s", "engine", "the other")
        #expect(
            figures.map(\.name) == [
                "rate_engine", "rate_the_other", "rate_ratio", "rate_ratio_round_1", "rate_ratio_round_2", "rate_ratio_round_3",
            ]
        )
        #expect(figures.map(\.value) == [30, 20, 1, 0.5, 1, 4])
    }

    @Test func aRatioToNothingIsZero() {
        var pairs = PairedRuns()
        pairs.add(10, 0)
        #expect(pairs.ratios == [0])
    }

    @Test(arguments: [(1234.5, "1235"), (999.94, "999.9"), (10.04, "10.0"), (9.8765, "9.877"), (0.0004, "0.0")])
    func figuresAreRoundedByTheirSize(_ value: Double, _ text: String) {
        #expect(Figure.rounded(value) == text)
    }

    @Test func aListOfFiguresIsATableAndOneFlatObject() {
        let list = FigureList(title: "A run", settings: [("events", 10)], figures: [Figure("seconds", "seconds", 1.5)])
        #expect(list.table == "A run\n         1.5  seconds")
        #expect(list.json == #"{"events":10,"seconds":1.5}"#)
    }
}
