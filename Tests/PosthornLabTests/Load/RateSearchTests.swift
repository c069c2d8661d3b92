import PosthornText
import Testing

@testable import PosthornLab

@Suite struct RateSearchTests {
    /// Makes the trials of a search against a receiver that keeps up to so many a second, by a generator that is punctual up to
    /// so many.
    private static func run(
        from start: Double,
        receiver: Double,
        generator: Double = .infinity,
        confirms: (Double) -> Bool = { _ in true }
    ) -> (search: RateSearch, trials: [RateSearch.Trial]) {
        var search = RateSearch(from: start)
        var trials: [RateSearch.Trial] = []
        while let trial = search.next {
            trials.append(trial)
            if trial.ratePerSecond > generator {
                search.take(.unknown)
            } else if trial.ratePerSecond > receiver || (trial.isConfirmation && !confirms(trial.ratePerSecond)) {
                search.take(.missed)
            } else {
                search.take(.kept)
            }
        }
        return (search, trials)
    }

    @Test(arguments: [50.0, 1, 7000, 300_000], [1.0, 3, 49, 50, 51, 777, 12_345, 65_536])
    func theRateIsFoundWithinFivePercent(start: Double, capacity: Double) throws {
        let (search, trials) = Self.run(from: start, receiver: capacity)
        let (kept, missed) = (try #require(search.lastKept), try #require(search.firstMissed))
        #expect(search.end == .found && search.isConfirmed)
        #expect(kept <= capacity && missed > capacity && missed <= kept * (1 + RateSearch.precision) * (1 + 1e-9))
        #expect(try #require(search.distance) <= RateSearch.precision + 1e-9)
        #expect(trials.count <= 40 && trials.filter(\.isConfirmation).map(\.ratePerSecond) == [kept])
    }

    @Test func rateSearchDoublesHalvesAndConfirms() {
        let rates = Self.run(from: 100, receiver: 1000).trials.map(\.ratePerSecond)
        #expect(rates.starts(with: [100, 200, 400, 800, 1600, 1200, 1000, 1100]))
        #expect(rates.last == rates.dropLast().max { ($0 <= 1000 ? $0 : 0) < ($1 <= 1000 ? $1 : 0) })
    }

    /// A rate that holds for a short while and not for a long one is not the answer.
    @Test func aRateThatIsNotConfirmedIsGoneBelow() throws {
        let (search, trials) = Self.run(from: 100, receiver: 1000) { $0 < 900 }
        let kept = try #require(search.lastKept)
        #expect(search.end == .found && kept < 900 && kept > 700, "\(kept)")
        #expect(trials.filter(\.isConfirmation).count > 1)
    }

    /// "The generator was late" is never "the receiver failed".
    @Test func whereTheGeneratorIsLateNothingIsMissed() throws {
        let (search, trials) = Self.run(from: 100, receiver: 100_000, generator: 5000)
        let kept = try #require(search.lastKept)
        #expect(search.end == .generatorLimited && search.firstMissed == nil && search.distance == nil)
        #expect(kept <= 5000 && kept > 4700 && (search.firstUnknown ?? 0) > 5000)
        // What nothing was known of is tried once more before it counts.
        #expect(trials.filter { $0.ratePerSecond == 6400 }.count == 2)
    }

    @Test func onceLateIsNotAlwaysLate() {
        var search = RateSearch(from: 100)
        search.take(.unknown)
        #expect(search.next?.ratePerSecond == 100)
        search.take(.kept)
        #expect(search.next?.ratePerSecond == 200 && search.firstUnknown == nil)
    }

    @Test func endsWithoutARate() {
        #expect(Self.run(from: 64, receiver: 0).search.end == .nothingHolds)
        #expect(Self.run(from: 64, receiver: 0).search.lastKept == nil)
        #expect(Self.run(from: 64, receiver: 1e9, generator: 0).search.end == .nothingKnown)
        let ceiling = Self.run(from: 500_000, receiver: 1e9)
        #expect(ceiling.search.end == .ceilingReached && ceiling.search.lastKept == RateSearch.highest)
        var stopped = RateSearch(from: 64)
        stopped.take(.kept)
        stopped.stop()
        #expect(stopped.end == .unfinished && stopped.next == nil && stopped.lastKept == 64)
    }

    /// A receiver that answers by the toss of a coin ends the search too.
    @Test func aReceiverWithoutAnyOrderEndsTheSearch() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            var search = RateSearch(from: 100)
            var trials = 0
            while search.next != nil {
                search.take([.kept, .missed, .unknown][random.below(3)])
                trials += 1
            }
            #expect(trials <= RateSearch.trialLimit && search.end != nil)
        }
    }
}
