import PosthornText
import Testing

@testable import PosthornAPI

/// The text format, held to what https://prometheus.io/docs/instrumenting/exposition_formats/ says.
@Suite struct PrometheusTextTests {
    @Test func aCounterAndAGaugeHaveTheirHeadAndALineForEachSample() {
        var page = PrometheusText()
        page.counter("a_total", "All of a.", [([("by", "x")], 1), ([("by", "y")], 2.5)])
        page.gauge("b", "b now.", 3)
        #expect(
            page.text == """
                # HELP a_total All of a.
                # TYPE a_total counter
                a_total{by="x"} 1
                a_total{by="y"} 2.5
                # HELP b b now.
                # TYPE b gauge
                b 3

                """
        )
    }

    @Test func bucketsOfAHistogramAddUp() {
        var counts = BucketCounts(upTo: [1000, 2_500_000])
        for value: Int64 in [10, 1000, 1001, 9_000_000, -5] { counts.add(value) }
        var page = PrometheusText()
        page.histogram("t_seconds", "Times.", unitsPerWhole: 1_000_000, [([("r", "1")], counts)])
        #expect(
            page.text == """
                # HELP t_seconds Times.
                # TYPE t_seconds histogram
                t_seconds_bucket{r="1",le="0.001"} 3
                t_seconds_bucket{r="1",le="2.5"} 4
                t_seconds_bucket{r="1",le="+Inf"} 5
                t_seconds_sum{r="1"} 9.002011
                t_seconds_count{r="1"} 5

                """
        )
    }

    @Test func labelsAreEscapedSoThatNoIDEndsItsLine() {
        var page = PrometheusText()
        page.gauge("a", "one\ntwo \\ \"three\"", [([("id", "x\"\n\\y")], 1)])
        #expect(page.text == "# HELP a one\\ntwo \\\\ \"three\"\n# TYPE a gauge\na{id=\"x\\\"\\n\\\\y\"} 1\n")
    }

    @Test func aFamilyWithoutSamplesIsLeftOut() {
        var page = PrometheusText()
        page.counter("a_total", "All of a.", [])
        page.histogram("b", "b.", unitsPerWhole: 1, [])
        #expect(page.text.isEmpty)
    }
}
