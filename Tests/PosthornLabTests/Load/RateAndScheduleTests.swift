import PosthornModel
import Testing

@testable import PosthornLab

@Suite struct RateAndScheduleTests {
    private let second: Int64 = 1_000_000_000

    @Test func ratesAreReadAsPeopleWriteThem() throws {
        #expect(try RateSpecification("200").steps == [.init(ratePerSecond: 200, nanoseconds: nil)])
        #expect(try RateSpecification("0.5:1.5m").steps == [.init(ratePerSecond: 0.5, nanoseconds: 90 * second)])
        let stairs = try RateSpecification("500..5000/500:10s")
        #expect(stairs.steps.map(\.ratePerSecond) == (1...10).map { Double($0) * 500 })
        #expect(stairs.nanoseconds == 100 * second)
        #expect(try RateSpecification("300..100/100:1s").steps.map(\.ratePerSecond) == [300, 200, 100])
        #expect(try RateSpecification("0.1..0.5/0.1:1s").steps.count == 5)
        #expect(try RateSpecification("100..250/100:1s,50:500ms,10").steps.map(\.ratePerSecond) == [100, 200, 50, 10])
        #expect(try RateSpecification("100:1s,10").nanoseconds == nil)
    }

    @Test(arguments: [
        "", "0", "-5", "abc", "1e3", "100:", "100:10", "100:0s", "100:-1s", "1..2", "1..2/1", "1..2/0:1s", "0..0:1s", "..2:1s", "1..2:",
        "100,200:1s",
        "100:1s,", "1:1s:1s", "nan", "inf", "1..1000000/1:1s", "100 :1s", "1...2/1:1s", "100:99999999h", "1..10000000/0.00000000000001:1s",
    ])
    func malformedRatesAreRefusedInOneLine(_ text: String) {
        let problem = #expect(throws: InputProblem.self) { try RateSpecification(text) }
        #expect(problem?.field == "rate")
        #expect(problem?.description.contains("\n") == false)
    }

    @Test func evenSpacingHasNoDrift() throws {
        let times = ArrivalSchedule(try RateSpecification("3:1000s"), spacing: .even).map(\.nanoseconds)
        #expect(times.count == 3000)
        for (n, time) in times.enumerated() { #expect(time == (Int64(n) * second + 1) / 3) }
    }

    @Test func eachStepSendsWhatItsRateSays() throws {
        let arrivals = Array(ArrivalSchedule(try RateSpecification("500..5000/500:2s"), spacing: .even))
        #expect(arrivals.count == 55_000)
        #expect(arrivals.map(\.number) == (0..<55_000).map { UInt64($0) })
        for step in 0..<10 {
            let own = arrivals.filter { $0.step == step }
            #expect(own.count == (step + 1) * 1000)
            #expect(own.first?.nanoseconds == Int64(step) * 2 * second)
            #expect(own.allSatisfy { ($0.nanoseconds / second) / 2 == Int64(step) })
        }
        #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $0.nanoseconds < $1.nanoseconds })
    }

    /// From 0 to 100 in ten seconds 500 are due: the n-th when the area under the ramp is n.
    @Test(arguments: [("0..100:10s", 0.0, 100.0), ("100..0:10s", 100, 0), ("20..30:10s", 20, 30)])
    func aRampGoesEvenlyFromOneRateToTheOther(text: String, first: Double, last: Double) throws {
        let rates = try RateSpecification(text)
        #expect(rates.steps == [.init(from: first, to: last, nanoseconds: 10 * second)] && rates.peakPerSecond == max(first, last))
        let times = ArrivalSchedule(rates, spacing: .even).map { Double($0.nanoseconds) / 1e9 }
        #expect(times.count == Int((first + last) / 2 * 10))
        for (n, time) in times.enumerated() {
            let area = first * time + (last - first) * time * time / 20
            #expect(abs(area - Double(n)) < 1e-5, "\(n): \(area)")
        }
        #expect(times == times.sorted() && times.allSatisfy { $0 < 10 })
    }

    @Test func aRampIsFollowedByWhatComesNext() throws {
        let rates = try RateSpecification("50..150:2s,150:1s,10..10:1s")
        #expect(rates.steps.last == .init(ratePerSecond: 10, nanoseconds: second) && rates.nanoseconds == 4 * second)
        let arrivals = Array(ArrivalSchedule(rates, spacing: .even))
        #expect((0..<3).map { step in arrivals.count { $0.step == step } } == [200, 150, 10])
        #expect(arrivals.first { $0.step == 1 }?.nanoseconds == 2 * second)
        // What is left is counted as it would have come, wherever the schedule is.
        for taken in [0, 1, 99, 200, 300] {
            var schedule = ArrivalSchedule(rates, spacing: .even)
            for _ in 0..<taken { _ = schedule.next() }
            for moment in [second / 2, second, 2 * second, 5 * second / 2, 4 * second] {
                let left = arrivals.dropFirst(taken).prefix { $0.nanoseconds < moment }
                #expect(schedule.remaining(before: moment).reduce(0) { $0 + $1.count } == UInt64(left.count), "\(taken) \(moment)")
            }
        }
    }

    @Test func aRateWithoutEndGoesOn() throws {
        let times = ArrivalSchedule(try RateSpecification("1000:1s,1"), spacing: .even).prefix(1010).map(\.nanoseconds)
        #expect(times.count == 1010)
        #expect(times.last == 10 * second)
    }

    @Test func poissonSpacingHasTheRateAndTheSpreadOfIndependentCallers() throws {
        let rates = try RateSpecification("1000:100s")
        let times = ArrivalSchedule(rates, spacing: .poisson(seed: 1)).map { Double($0.nanoseconds) / 1e6 }
        // 100,000 expected with a standard deviation of 316: five of them are allowed.
        #expect(abs(times.count - 100_000) < 1_600)
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        #expect(abs(mean - 1) < 0.02)
        #expect(abs(variance.squareRoot() - mean) < 0.03)
        // e^-1 of the gaps are longer than the mean one.
        #expect(abs(Double(gaps.count { $0 > mean }) / Double(gaps.count) - 0.3679) < 0.01)
    }

    @Test func theSameSeedGivesTheSameTimes() throws {
        let rates = try RateSpecification("100..300/100:1s")
        func times(_ seed: UInt64) -> [ArrivalSchedule.Arrival] { Array(ArrivalSchedule(rates, spacing: .poisson(seed: seed))) }
        #expect(times(9) == times(9))
        #expect(times(9) != times(10))
        #expect(times(9).allSatisfy { $0.nanoseconds < 3 * second && $0.step == Int($0.nanoseconds / second) })
    }

    @Test func aPlanEndsWithItsDurationOrItsScheduleWhicheverComesFirst() throws {
        func planned(_ rate: String, _ duration: Int64?) throws -> Int64? {
            var plan = LoadPlan(.open(try RateSpecification(rate), poisson: false))
            plan.nanoseconds = duration
            return plan.plannedNanoseconds
        }
        #expect(try planned("5:1s", 3_000_000_000) == 1_000_000_000)
        #expect(try planned("5:3s", 1_000_000_000) == 1_000_000_000)
        #expect(try planned("5", 1_000_000_000) == 1_000_000_000)
        #expect(try planned("5:1s", nil) == 1_000_000_000)
        #expect(try planned("5", nil) == nil)
    }
}
