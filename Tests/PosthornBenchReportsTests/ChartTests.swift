import PosthornText
import Testing

@testable import PosthornBenchReports

@Suite struct ChartTests {
    @Test func valuesOfOneOrderStartAtZeroWithRoundTicks() {
        let axis = ChartAxis(values: [37_389, 52_785])
        #expect(!axis.scale.isLogarithmic)
        #expect(axis.ticks == [0, 20_000, 40_000, 60_000])
        #expect(axis.scale.position(of: 0) == 0)
        #expect(axis.scale.position(of: 30_000) == 0.5)
        #expect(axis.scale.position(of: 60_000) == 1)
    }

    @Test func valuesFarApartStandOnDecades() {
        let axis = ChartAxis(values: [0.383, 0.9, 57])
        #expect(axis.scale.isLogarithmic)
        #expect(axis.ticks == [0.1, 1, 10, 100])
        #expect(abs(axis.scale.position(of: 1) - 1.0 / 3) < 1e-9)
        // What lies below the axis stands on its ground.
        #expect(axis.scale.position(of: 0) == 0)
    }

    @Test func aPowerOfTenIsItsOwnDecade() {
        #expect(ChartAxis(values: [1, 1000]).ticks == [1, 10, 100, 1000])
    }

    @Test func sizesAreEachWrittenAndSpacedByFactors() {
        let axis = ChartAxis(sizes: [1, 10, 10_000])
        #expect(axis.ticks == [1, 10, 10_000])
        #expect(axis.scale.position(of: 1) == 0)
        #expect(abs(axis.scale.position(of: 10) - 0.25) < 1e-9)
        #expect(axis.scale.position(of: 10_000) == 1)
    }

    @Test func oneSizeAloneAndNoValueAtAllHaveAPositionToo() {
        #expect(ChartAxis(sizes: [5]).scale.position(of: 5) == 0)
        #expect(ChartAxis(values: []).scale.position(of: 0.5).isFinite)
        #expect(ChartAxis(values: [0, 0]).scale.position(of: 0) == 0)
    }

    @Test(
        arguments: [
            (1, "1"), (950, "950"), (1000, "1k"), (2500, "2.5k"), (52_785, "52.8k"), (10_000_000, "10M"), (0.383, "0.383"),
            (0, "0"), (2e9, "2G"),
        ] as [(Double, String)]
    )
    func numbersAreWrittenShort(_ value: Double, _ text: String) {
        #expect(ShortNumber.text(value) == text)
    }

    private static let chart = Chart(
        title: "Rate & <cost>",
        note: "held",
        growing: "endpoints",
        panels: [
            .init(
                title: "deliveries/s",
                series: [
                    .init(
                        name: "p50",
                        points: [.init(size: 1, value: 10, low: 8, high: 12), .init(size: 100, value: 20, low: 20, high: 20)]
                    ),
                    .init(name: "p99", points: [.init(size: 1, value: 15, low: 15, high: 15)]),
                ]
            )
        ]
    )

    @Test func aPlotHasItsTitleTicksLinesAndLegendAndNoScript() {
        let svg = ChartDrawing.svg(Self.chart)
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 440 334\""))
        #expect(svg.contains("<title>Rate &amp; &lt;cost&gt;</title>"))
        for text in ["deliveries/s", "endpoints", "p50", "p99", "100", "20"] { #expect(svg.contains(">\(text)</text>"), "\(text)") }
        #expect(svg.matches(of: /<polyline/).count == 2)
        // The left end of the first line: 10 of 20 in the middle of an axis of 182 from 104 on.
        #expect(svg.contains("<polyline points=\"62,195 418,104\""))
        // Only the first point has rounds that differ.
        #expect(svg.matches(of: /stroke-width="1.5"/).count == 1)
        #expect(!svg.contains("<script") && !svg.contains("href"))
        #expect(svg.matches(of: /<[a-z]/).count == svg.matches(of: /\/>|<\/[a-z]+>/).count)
    }
}
