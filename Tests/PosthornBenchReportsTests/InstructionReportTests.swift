import PosthornBenchReports
import PosthornModel
import Testing

@Suite struct InstructionReportTests {
    private static func report(_ smaller: InstructionCount, _ larger: InstructionCount) -> InstructionReport {
        InstructionReport(
            title: "A run",
            settings: [("events", 10)],
            words: [("counted_by", "callgrind")],
            smaller: .init(deliveries: 10, count: smaller),
            larger: .init(deliveries: 30, count: larger)
        )
    }

    /// A start of 500 that both runs have, 400 of it in the loader; 1,000 a delivery.
    private let report = Self.report(
        InstructionCount(total: 10_500, byObject: ["libcurl": 6000, "ld-linux": 400, "posthorn": 4100]),
        InstructionCount(total: 30_500, byObject: ["libcurl": 18_000, "ld-linux": 400, "posthorn": 12_060, "libz": 40])
    )

    @Test func instructionsOfBothRunsCancelOut() {
        #expect(report.figures.first == Figure("instructions_per_delivery", "instructions a delivery", 1000))
    }

    @Test func objectsAreListedFromTheLargestAndSmallOnesStandTogether() {
        #expect(
            report.figures.dropFirst().map(\.name) == [
                "instructions_per_delivery_libcurl", "instructions_per_delivery_posthorn", "instructions_per_delivery_others",
            ]
        )
        #expect(report.figures.dropFirst().map(\.value) == [600, 398, 2])
    }

    @Test func theTableHasSharesOfTheWhole() {
        #expect(
            report.table == """
                A run
                in                  instructions    share
                libcurl                    600.0   60.0 %
                posthorn                   398.0   39.8 %
                others                       2.0    0.2 %
                a delivery, in all          1000  100.0 %
                """
        )
    }

    @Test func theJSONIsOneFlatObject() {
        #expect(
            report.json
                == #"{"events":10,"counted_by":"callgrind","instructions_per_delivery":1000,"#
                + #""instructions_per_delivery_libcurl":600.0,"instructions_per_delivery_posthorn":398.0,"#
                + #""instructions_per_delivery_others":2.0}"#
        )
    }

    @Test func withoutObjectsThereIsTheWholeAlone() {
        let report = Self.report(InstructionCount(total: 10_500), InstructionCount(total: 30_500))
        #expect(report.figures.map(\.name) == ["instructions_per_delivery"])
        #expect(report.table.hasSuffix("share\na delivery, in all          1000  100.0 %"))
    }

    @Test func aNameBecomesAKeyThatAGateCanName() throws {
        let report = Self.report(
            InstructionCount(total: 0),
            InstructionCount(total: 20_000, byObject: ["ld-linux-x86-64": 20_000])
        )
        try Gate("instructions_per_delivery<=1000,instructions_per_delivery_ld_linux_x86_64>=1000").check(report)
        #expect(throws: BenchProblem("gate instructions_per_delivery<=999.0 is broken: instructions_per_delivery is 1000")) {
            try Gate("instructions_per_delivery<=999").check(report)
        }
    }
}
