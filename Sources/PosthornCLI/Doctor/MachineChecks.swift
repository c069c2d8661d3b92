import Glibc
import PosthornModel
import PosthornText
import PosthornSQLite
import PosthornStore
import PosthornCurl
import PosthornSending
import PosthornSystem

/// The machine: descriptors, clock, certificate authorities.
enum MachineChecks {
    static func all() -> [Finding] {
        let limit = DescriptorLimit.current
        return [
            VersionChecks.curl(CurlInformation.version),
            notices(areAvailable: StoreFilesWatch.isAvailable),
            descriptors(soft: limit.soft, hard: limit.hard, needed: DescriptorLimit.needed(SenderConfiguration())),
            clock(SystemClock().now(), isSynchronised: ClockDiscipline.isSynchronised),
            certificateAuthorities(),
            route(isThere: NetworkFacts.hasRoute),
            nameServers(answer: NameServers.answer() ?? true),
        ]
    }

    /// Other programs' commits are noticed through inotify.
    static func notices(areAvailable: Bool) -> Finding {
        if areAvailable { return Finding(.ok, "inotify", "to be had: other programs' commits are noticed at once") }
        return Finding(
            .warn,
            "inotify",
            "not to be had, so other programs' commits are looked for twenty times a second; raise fs.inotify.max_user_instances "
                + "(sysctl -w fs.inotify.max_user_instances=512), or end what uses them up"
        )
    }

    /// `run` raises the soft limit by itself, so the hard one counts.
    static func descriptors(soft: Int, hard: Int, needed: Int) -> Finding {
        if hard >= needed { return Finding(.ok, "descriptors", "\(hard) may be open, \(needed) can be used at most") }
        return Finding(
            .warn,
            "descriptors",
            "only \(hard) may be open, and up to \(needed) can be used; raise the hard limit (ulimit -Hn \(needed), or LimitNOFILE= "
                + "of the service)"
        )
    }

    /// Receivers refuse signatures whose time is more than some minutes off.
    static func clock(_ now: Timestamp, isSynchronised: Bool?) -> Finding {
        if now < oldestPlausible {
            return Finding(.problem, "clock", "it says \(now), which is long past; set it, or receivers refuse every signature")
        }
        switch isSynchronised {
        case true?: return Finding(.ok, "clock", "\(now), synchronised")
        case false?:
            return Finding(
                .warn,
                "clock",
                "\(now), and nothing keeps it right as far as the kernel knows; run an NTP client, because receivers refuse signatures "
                    + "that are more than a few minutes off"
            )
        case nil: return Finding(.ok, "clock", "\(now); whether it is synchronised is not known here")
        }
    }

    /// This program is not older than that.
    private static let oldestPlausible = Timestamp(milliseconds: 1_767_225_600_000)

    private static func certificateAuthorities() -> Finding {
        let path = CertificateFile.usual
        return certificateAuthorities(path, problem: CertificateFile.problem(path))
    }

    static func certificateAuthorities(_ path: String, problem: String?) -> Finding {
        guard let problem else { return Finding(.ok, "certificates", path) }
        return Finding(
            .problem,
            "certificates",
            "\(TerminalText.text(path)) \(problem), so nothing is sent over https until that is mended; install the ca-certificates "
                + "package, or name a file with SSL_CERT_FILE or run --ca-file"
        )
    }

    /// Without a way out every delivery to another machine waits.
    static func route(isThere: Bool) -> Finding {
        if isThere { return Finding(.ok, "route", "there is a way to public addresses") }
        return Finding(.warn, "route", "\(MachineFault.route.sentence); deliveries to public addresses wait or fail")
    }

    static func nameServers(answer: Bool) -> Finding {
        if answer { return Finding(.ok, "name servers", "they answer") }
        return Finding(.warn, "name servers", "\(MachineFault.nameServers.sentence); deliveries to names wait")
    }
}
