import Glibc
import PosthornSystem

/// One connection of a receiver, on the receiver's thread alone.
final class ReceiverConnection {
    let descriptor: Int32
    private let number: Int
    private var requestCount = 0
    var reader = RequestReader()
    var steps: [Reply.Step] = []
    private var output: ArraySlice<UInt8> = []
    private var isHeld = false
    private var hasPeerClosed = false
    /// Whether the receiver has said that it answers nothing more.
    private(set) var isFinished = false
    private(set) var isEnded = false
    /// When it wants to go on by itself: monotonic nanoseconds.
    private(set) var resumeAt = Int64.max

    init(_ descriptor: Int32, number: Int) {
        self.descriptor = descriptor
        self.number = number
    }

    /// Whether the next request may be served.
    var isIdle: Bool { !isEnded && steps.isEmpty && output.isEmpty }

    var events: Int16 {
        let read = hasPeerClosed ? 0 : Int16(POLLIN)
        return output.isEmpty ? read : read | Int16(POLLOUT)
    }

    func takeRequest() -> ReceivedRequest? {
        guard let request = reader.take(connection: number, index: requestCount) else { return nil }
        requestCount += 1
        return request
    }

    /// Reads what is there; the other side's end ends the connection.
    func readAll() -> Int {
        var total = 0
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isEnded {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                total += count
                reader.append(buffer[..<count])
            } else if count == 0 || errno != EAGAIN {
                end(withReset: false)
            } else {
                break
            }
        }
        return total
    }

    /// Goes on with the steps as far as they go now.
    func work(isReleased: Bool) {
        while !isEnded {
            if !output.isEmpty {
                if !flush() { return }
                continue
            }
            guard let step = steps.first else { return }
            guard perform(step, isReleased) else { return }
        }
    }

    /// `false` when the step is not over yet.
    private func perform(_ step: Reply.Step, _ isReleased: Bool) -> Bool {
        switch step {
        case .send(let bytes):
            steps.removeFirst()
            output = bytes[...]
        case .drip(let bytes, let milliseconds):
            steps.removeFirst()
            guard let first = bytes.first else { return true }
            output = [first]
            steps.insert(
                contentsOf: [.wait(milliseconds: milliseconds), .drip(Array(bytes.dropFirst()), everyMilliseconds: milliseconds)],
                at: 0
            )
        case .repeatForEver(let bytes):
            output = bytes[...]
        case .wait(let milliseconds):
            let now = MonotonicClock.nanoseconds()
            if resumeAt == .max { resumeAt = now + Int64(milliseconds) * 1_000_000 }
            if resumeAt > now { return false }
            resumeAt = .max
            steps.removeFirst()
        case .hold:
            if !isReleased { return false }
            steps.removeFirst()
        case .stall: return false
        case .finish:
            steps.removeFirst()
            shutdown(descriptor, Int32(SHUT_WR))
            isFinished = true
        case .close: end(withReset: false)
        case .reset: end(withReset: true)
        }
        return true
    }

    /// Writes what it can; `false` when the socket takes no more now.
    private func flush() -> Bool {
        let count = output.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count > 0 {
            output.removeFirst(count)
            return true
        }
        if errno == EAGAIN { return false }
        end(withReset: false)
        return false
    }

    /// Closes the socket; with a reset, whatever is unread or unsent is thrown away.
    func end(withReset: Bool) {
        if isEnded { return }
        isEnded = true
        if withReset {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        close(descriptor)
    }
}
