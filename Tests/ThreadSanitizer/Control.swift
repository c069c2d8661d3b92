// What the thread sanitizer says of code that is right by construction, and of code that is not: the control of thread-sanitizer.sh.
//
//     Control mutex | semaphore | group | atomic | continuation | task | race

import Dispatch
import Glibc
import Synchronization

/// A number that the threads share, and what may order their accesses.
final class Shared: @unchecked Sendable {
    // `number` is guarded by whichever of these a run uses; in the run `race` by none.
    var number = 0
    let mutex = Mutex(0)
    let flag = Atomic(0)
    let semaphore = DispatchSemaphore(value: 0)
    let group = DispatchGroup()
}

@main
struct Control {
    static func main() async {
        let shared = Shared()
        switch CommandLine.arguments.dropFirst().first {
        case "mutex":
            let count: @Sendable () -> Void = { for _ in 0..<10_000 { shared.mutex.withLock { _ in shared.number += 1 } } }
            onThreads([count, count])
        case "semaphore":
            onThreads([
                {
                    shared.number = 1
                    shared.semaphore.signal()
                },
                {
                    shared.semaphore.wait()
                    shared.number += 1
                },
            ])
        case "group":
            shared.group.enter()
            onThreads([
                {
                    shared.number = 1
                    shared.group.leave()
                },
                {
                    shared.group.wait()
                    shared.number += 1
                },
            ])
        case "atomic":
            onThreads([
                {
                    shared.number = 1
                    shared.flag.store(1, ordering: .releasing)
                },
                {
                    while shared.flag.load(ordering: .acquiring) == 0 {}
                    shared.number += 1
                },
            ])
        case "continuation":
            shared.number = 1
            await withCheckedContinuation { continuation in
                onThreads([
                    {
                        shared.number += 1
                        continuation.resume()
                    }
                ])
            }
            shared.number += 1
        case "task":
            await Task.detached { shared.number = 1 }.value
            shared.number += 1
        default:
            let count: @Sendable () -> Void = { for _ in 0..<10_000 { shared.number += 1 } }
            onThreads([count, count])
        }
        print(shared.number)
    }

    /// Runs each on a thread of its own, and waits for all.
    private static func onThreads(_ works: [@Sendable () -> Void]) {
        final class Work {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }
        var threads: [pthread_t] = []
        for work in works {
            var thread = pthread_t()
            let start = Unmanaged.passRetained(Work(work)).toOpaque()
            pthread_create(
                &thread,
                nil,
                { start in
                    guard let start else { return nil }
                    Unmanaged<Work>.fromOpaque(start).takeRetainedValue().run()
                    return nil
                },
                start
            )
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
    }
}
