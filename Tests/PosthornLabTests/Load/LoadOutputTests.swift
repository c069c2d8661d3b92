import PosthornModel
import PosthornSending
import PosthornText
import Testing

@testable import PosthornLab

/// What other tools read, and the parts of a load that several machines made.
@Suite struct LoadOutputTests {
    private static func tally(_ latencies: ClosedRange<Int>) -> LoadTally {
        var tally = LoadTally()
        for i in latencies { tally.take(.after(Int64(i), at: Int64(i) * 10_000_000)) }
        return tally
    }

    private var report: LoadReport {
        var tally = Self.tally(1...100)
        tally.take(.after(500, status: nil))
        return .of(tally, target: "http://127.0.0.1:1/\"x\"")
    }

    private let verdicts: [PosthornLab.Expectation.Verdict] = [
        .init(outcome: .kept, expectation: "errors<5%", detail: "1 %"), .init(outcome: .unknown, expectation: "p99<1ms", detail: "too few"),
    ]

    @Test func prometheusReadsTheFigures() {
        let text = report.prometheus(verdicts)
        let url = #"url="http://127.0.0.1:1/\"x\"""#
        #expect(text.contains("posthorn_load_requests_total{\(url)} 101\n"))
        #expect(text.contains("posthorn_load_responses_total{\(url),status=\"200\"} 100\n"))
        #expect(text.contains("posthorn_load_errors_total{\(url),kind=\"timeout\"} 1\n"))
        #expect(text.contains("posthorn_load_latency_seconds_bucket{\(url),le=\"0.05\"} 50\n"))
        #expect(text.contains("posthorn_load_latency_seconds_bucket{\(url),le=\"+Inf\"} 101\n"))
        #expect(text.contains(#"posthorn_load_expectation{expectation="p99<1ms",outcome="not_known"} 1"#))
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.hasPrefix("#") || $0.contains("} ") })
    }

    @Test func theDistributionRisesToTheLastValue() throws {
        let lines = report.latencies.hgrm.split(separator: "\n")
        let rows = lines.dropFirst().filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ").map(String.init) }
        #expect(rows.count > 20 && rows.allSatisfy { $0.count == 4 })
        let values = rows.compactMap { Double($0[0]) }
        let shares = rows.compactMap { Double($0[1]) }
        #expect(values == values.sorted() && shares == shares.sorted() && values.count == rows.count)
        #expect(rows.last == ["500.000", "1.000000000000", "101", "inf"])
        // Half of 101 values are at or below the 51st.
        let middle = try #require(rows.first { (Double($0[1]) ?? 0) >= 0.5 })
        #expect(middle[1] == "0.500000000000" && abs((Double(middle[0]) ?? 0) - 51) < 0.3 && middle[3] == "2.00")
        #expect(lines.suffix(3).first?.contains("Mean") == true)
        #expect(LatencyHistogram().hgrm.contains("Total count    =            0"))
    }

    @Test func k6sSummaryHasItsThresholdsTheWayK6WritesThem() throws {
        let json = try JSONValue.parse(Array(report.k6Summary(verdicts).utf8))
        let duration = json["metrics"]?["http_req_duration"]
        #expect(duration?["thresholds"]?["errors<5%"] == .bool(false) && duration?["thresholds"]?["p99<1ms"] == .bool(true))
        #expect(json["metrics"]?["http_reqs"]?["count"] == .number("101") && duration?["max"] == .number("500.000"))
        #expect(json["root_group"]?["checks"] == .object([]))
    }

    @Test func vegetaGetsALineForEachRequest() throws {
        var tally = LoadTally()
        tally.samples = [
            LoadSample(.after(7, at: 1_000_000_000), start: 0), LoadSample(.after(9, at: 2_000_000_000, status: nil), start: 0),
        ]
        var text = ""
        LoadReport.of(tally, target: "http://x/").writeVegeta(method: "POST") {
            text += $0
            return true
        }
        let lines = try text.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
        #expect(lines.count == 2 && lines[0]["code"] == .number("200") && lines[0]["latency"] == .number("7000000"))
        #expect(lines[1]["code"] == .number("0") && lines[1]["error"] == .string("no answer") && lines[1]["seq"] == .number("1"))
    }

    /// A receiver that dies refuses connections in no time; no output may take that for a fast answer.
    @Test func refusedConnectionsAreTheSlowestInEveryOutput() throws {
        var tally = LoadTally()
        // The slowest answer, then answers for a second, and a second of refusals.
        tally.take(.after(40, at: 0))
        for i in 1..<100 { tally.take(.after(5, at: Int64(i) * 10_000_000)) }
        for i in 100..<200 { tally.take(.after(0, at: Int64(i) * 10_000_000, status: nil, error: .connect)) }
        let report = LoadReport.of(tally)
        #expect(report.latencies.minimum == 5_000_000 && report.latencies.maximum == 40_000_000)
        #expect(report.json["latency_ms"]?["min"] == .number("5.000") && report.json["service_time_ms"]?["min"] == .number("5.000"))
        #expect(report.json["histogram"]?.text.contains("0.000") == false)
        let rows = report.latencies.hgrm.split(separator: "\n").dropFirst().filter { !$0.hasPrefix("#") }
        #expect(rows.first?.split(separator: " ").first.flatMap { Double($0) } ?? 0 > 4.9)
        let k6 = try JSONValue.parse(Array(report.k6Summary([]).utf8))["metrics"]
        #expect(k6?["http_req_duration"]?["min"] == .number("5.000") && k6?["http_req_duration"]?["max"] == .number("40.000"))
        #expect(k6?["http_req_duration"]?["p(90)"].flatMap { Double($0.text) } ?? 0 > 39.8)
        #expect(k6?["http_req_waiting"]?["min"] == .number("5.000"))
        #expect(report.prometheus([]).contains("le=\"0.001\"} 0\n"))
        // The intervals of the second that had no answers, by the slowest answer of the load.
        let lines = report.csv.split(separator: "\n").filter { !$0.hasPrefix("#") }.suffix(10).map { $0.split(separator: ",") }
        #expect(lines.count == 10 && lines.allSatisfy { $0[1] == "10" && $0[2] == "10" && Double($0[5]) ?? 0 > 39 }, "\(lines)")
        let plot = LoadPage(report, []).latencyOverTime.series.flatMap(\.points).compactMap(\.y)
        #expect(plot.min() ?? 0 > 4.8)
    }

    // MARK: Parts

    private func part(
        _ number: Int,
        of count: Int,
        _ tally: LoadTally,
        seed: UInt64 = 5,
        command: String = "posthorn load"
    ) throws -> JSONValue {
        let plan = LoadPlan(.open(try RateSpecification("100:1s"), poisson: false)).part(number, of: count)
        var report = LoadReport(LoadReport.Facts(target: "x", began: Timestamp(milliseconds: 0), plan: plan), tally)
        report.origin = LoadOrigin(command: command, seed: seed, version: "v", vendor: nil, machine: "m\(number)")
        return try JSONValue.parse(Array(report.json.text.utf8))
    }

    @Test func partsAreMergedAsIfOneMachineHadSentThem() throws {
        let merged = try MergedLoad([
            ("1", try part(1, of: 2, Self.tally(1...200))), ("2", try part(2, of: 2, Self.tally(201...400))),
        ])
        let whole = LoadReport.of(Self.tally(1...400))
        #expect(merged.measurements.latencies == whole.latencies && merged.measurements.requests == 400)
        #expect(merged.measurements.statuses == whole.statuses)
        for percent in [50, 90, 99, 99.9] {
            #expect(merged.measurements.latency(percent).nanoseconds == whole.all.latency(percent).nanoseconds)
        }
        // One part alone says nothing of p99, both together do.
        let bound = try PosthornLab.Expectation("p99<390ms")
        #expect(merged.verdicts([bound]).map(\.outcome) == [.missed])
        #expect(merged.json["latency_ms"]?["max"] == .number("400.000"))
    }

    @Test func partsOfOtherLoadsMissingOnesAndDoubleOnesAreRefused() throws {
        let one = try part(1, of: 2, Self.tally(1...3))
        let two = try part(2, of: 2, Self.tally(1...3))
        let cases: [([(name: String, json: JSONValue)], String)] = [
            ([("a", one)], "lacks part 2"), ([("a", one), ("b", one)], "is part 1 as a is"),
            ([("a", one), ("b", try part(2, of: 2, Self.tally(1...3), seed: 6))], "another load than a: it has seed 6 in place of 5"),
            ([("a", one), ("b", try part(2, of: 3, Self.tally(1...3)))], "it has number of parts 3 in place of 2"),
            ([("a", .object([]))], "no report"),
            ([], "is missing"),
        ]
        for (reports, words) in cases {
            do throws(InputProblem) {
                _ = try MergedLoad(reports)
                Issue.record("\(words): taken")
            } catch { #expect(error.description.contains(words), "\(error)") }
        }
        #expect(try MergedLoad([("b", two), ("a", one)]).parts == 2)
    }

    /// What a part's command line may have of its own, and what makes it another load's.
    @Test(arguments: [
        ("--rate 1000 --seed 5 --part 1/2 --csv a.csv --json", "--rate 1000 --seed 5 --part 2/2", nil),
        ("--rate 9 --expect 'p99<1s' --credential 'a=…'", "--rate 9 --ca-file /etc/b.pem --json", nil),
        ("http://a/ --rate 1000", "http://b/x --rate 4000", "it has --rate 4000 in place of 1000"),
        (
            "--rate 9 --ignore-retry-after --part 1/2", "--rate 9 --timeout 1000 --part 2/2",
            "it has --timeout 1000, which a lacks; no --ignore-retry-after"
        ), ("--mix A=1 --mix B=2", "--mix B=2 --mix A=1", "it has --mix B=2, A=1 in place of A=1, B=2"),
        ("http://a/ --rate 9", "http://a/ http://b/ --rate 9", "it has 2 in place of 1 URLs"),
        ("--header 'X-Tenant: …'", "--header 'X-Other: …'", "it has --header X-Other: … in place of X-Tenant: …"),
    ])
    func partsWithOtherFlagsAreRefused(_ first: String, _ second: String, _ words: String?) throws {
        let reports = try [(1, first), (2, second)].map { number, flags in
            (name: number == 1 ? "a" : "b", json: try part(number, of: 2, Self.tally(1...3), command: "posthorn load \(flags)"))
        }
        var found: String?
        do throws(InputProblem) { _ = try MergedLoad(reports) } catch { found = error.description }
        #expect(words == nil ? found == nil : found?.contains(words ?? "") == true, "\(found ?? "taken")")
    }

    @Test func theRatesOfAllPartsAreTheWholeRate() throws {
        let plan = LoadPlan(.open(try RateSpecification("100:1s"), poisson: false))
        let rates = (1...4).compactMap { number -> Double? in
            if case .open(let rates, _) = plan.part(number, of: 4).model { rates.steps[0].ratePerSecond } else { nil }
        }
        #expect(rates == [25, 25, 25, 25])
        #expect(Set((1...4).map { plan.part($0, of: 4).seed }).count == 4)
    }
}
