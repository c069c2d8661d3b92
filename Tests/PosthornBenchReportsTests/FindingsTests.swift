import PosthornBenchReports
import Testing

@Suite struct FindingsTests {
    @Test func theLastLineOfJSONCounts() throws {
        let output = "starting\n{\"rps\":1,\"cus\":2}\n{\"rps\": 880.5, \"cus\": 1.9e3, \"ingest_ev_s\": 4000, \"name\": \"x\"}\nbye\n"
        let found = try Findings(output: Array(output.utf8))
        #expect(found == Findings(perSecond: 880.5, cpuMicroseconds: 1900, eventsPerSecond: 4000))
    }

    @Test func wrkOutputIsParsed() throws {
        let output = "Running 3s test\n  2 threads and 64 connections\nRequests/sec:  38912.55\nTransfer/sec:      6.1MB\n"
        #expect(try Findings(output: Array(output.utf8)) == Findings(perSecond: 38912.55, cpuMicroseconds: 0))
    }

    @Test func unknownFindingsAreOmitted() throws {
        #expect(try Findings(output: Array(#"{"rps":1,"cus":2}"#.utf8)).eventsPerSecond == nil)
    }

    @Test(arguments: ["", "no JSON at all\n", #"{"rps":1}"#, #"{"cus":1}"#, #"{"rps":"1","cus":2}"#, #"{"rps":1,"cus":2"#])
    func withoutBothFiguresThereIsNothingToCompare(_ output: String) {
        #expect(throws: BenchProblem("the command of --against prints no line of JSON with rps and cus")) {
            try Findings(output: Array(output.utf8))
        }
    }

    @Test func marksInACommandAreReplacedEverywhereAndNothingElseIs() {
        let values = ["port": "81", "folder": "/tmp/{port}"]
        #expect(
            CommandTemplate.filled("run {folder}/p.db {port} {port} {other} {{port}} {", values)
                == "run /tmp/{port}/p.db 81 81 {other} {81} {"
        )
        #expect(CommandTemplate.filled("", values) == "")
    }
}
