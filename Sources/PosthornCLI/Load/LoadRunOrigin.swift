import PosthornText
import Glibc
import PosthornFormats
import PosthornLab
import PosthornModel
import PosthornText

/// How a load is run, for its reports.
enum LoadRunOrigin {
    /// - Parameters:
    ///   - settings: The format; `nil` for a fixed body.
    ///   - file: The format, where a vendor's file describes it.
    ///   - seed: Where its dice start from, given or made.
    static func made(_ arguments: ParsedArguments, _ settings: EndpointSettings?, _ file: FileVendor? = nil, seed: UInt64) -> LoadOrigin {
        LoadOrigin(
            command: RepeatableCommand.line(arguments, LoadCommand.specification, adding: [("seed", String(seed))]),
            seed: seed,
            version: PosthornVersion.text,
            vendor: file?.file.description.title ?? settings.map { "\($0.envelope.rawValue), signature \($0.signature.rawValue)" },
            machine: machine
        )
    }

    /// The system and its processors, without the machine's name: reports are passed on.
    private static var machine: String {
        var system = utsname()
        uname(&system)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let processor = processorName(inCPUInfo: (try? InputFile("/proc/cpuinfo").contents(limitBytes: 1 << 20)) ?? [])
        return "\(text(system.sysname)) \(text(system.release)) \(text(system.machine)), \(HumanText.count(cores, "core"))"
            + (processor.map { " (\($0))" } ?? "") + ", \(HumanText.bytes(UInt64(max(0, memory))))"
    }

    /// The first processor's name in Linux's list of them; `nil` where it has none.
    static func processorName(inCPUInfo bytes: [UInt8]) -> String? {
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("model name") {
            return line.split(separator: ":", maxSplits: 1).last.map { OneLine.text($0.drop { $0 == " " }.description, limit: 100) }
        }
        return nil
    }
}
