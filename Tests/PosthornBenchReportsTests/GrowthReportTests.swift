import PosthornModel
import PosthornText
import Testing

@testable import PosthornBenchReports

@Suite struct GrowthReportTests {
    private static func round(_ rate: Double, _ latencies: [Double]) -> GrowthPoint.Round {
        .init(perSecond: rate, cpuMicroseconds: 30, peakMebibytes: 50, firstMilliseconds: 40, latencyMilliseconds: latencies)
    }

    private static func curve(_ rounds: [[GrowthPoint.Round]]) -> GrowthCurve {
        let points = zip([10, 1000], rounds).map { size, rounds in
            var point = GrowthPoint(size: size, payloadBytes: 1000)
            for round in rounds { point.add(round) }
            return point
        }
        return GrowthCurve(name: "endpoints", label: "endpoints", held: "held", latencyLabel: "latency", points: points)
    }

    @Test func aPointIsTheMedianOfItsRoundsWithTheirRange() {
        let curve = Self.curve([[Self.round(300, [1, 2, 3]), Self.round(100, [5]), Self.round(200, [9])]])
        #expect(curve.chart.panels[0].series[0].points == [.init(size: 10, value: 200, low: 100, high: 300)])
        #expect(curve.chart.panels[3].series.map(\.name) == ["p50", "p99", "start to first request"])
        #expect(curve.chart.panels[3].series[0].points == [.init(size: 10, value: 5, low: 2, high: 9)])
    }

    @Test func lateResultsHaveNoPointAndADash() throws {
        let report = GrowthReport(curves: [Self.curve([[Self.round(100, [7])], [Self.round(100, [])]])])
        #expect(report.curves[0].chart.panels[3].series.map(\.name) == ["the event", "start to first request"])
        #expect(report.curves[0].chart.panels[3].series[0].points.map(\.size) == [10])
        #expect(report.table.contains("1k                100.0   0.1    30.0  50.0      40.0       -       -"))
        let lines = report.json.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(try JSONValue.parse(Array(lines[1].utf8))["latency_p50_ms"] == .null)
        #expect(try JSONValue.parse(Array(lines[0].utf8))["latency_p50_ms"] == .number("7.0"))
    }

    @Test func aGateCanNameAPointOfACurve() throws {
        let report = GrowthReport(curves: [Self.curve([[Self.round(100, [7])], [Self.round(80, [])]])])
        try Gate("endpoints_1000_deliveries_per_second>=80,endpoints_10_latency_p99_ms<=7").check(report)
        #expect(throws: BenchProblem.self) { try Gate("endpoints_1000_deliveries_per_second>=81").check(report) }
    }

    @Test func sizesAreReadFromCommas() throws {
        #expect(try SizeList.read("1,10,50000", flag: "--endpoints") == [1, 10, 50_000])
        #expect(try SizeList.read("none", flag: "--endpoints").isEmpty)
        for text in ["", "1,", "1,x", "0", "-1", "1 ,2"] {
            #expect(throws: BenchProblem.self) { try SizeList.read(text, flag: "--endpoints") }
        }
    }
}
